import type { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Effect } from "effect"
import { StatementFailed, unavailable } from "./MigrateError.ts"
import type { Migration } from "./Migration.ts"
import type { MigrationStore } from "./MigrationStore.ts"

/** The newest row of a version. Rows are only added: there is no transaction to rely on. */
interface State {
  readonly version: string
  readonly name: string
  readonly checksum: string
  readonly direction: "up" | "down"
  /** Statements known to have run. */
  readonly done: number
  readonly total: number
  /** A statement was sent after `done`, and its end was never recorded. */
  readonly running: number
  readonly at: string
}

/**
 * ClickHouse has no transaction around DDL, so every statement is announced before it is
 * sent and recorded after it. A killed run is continued where it stopped: the one statement
 * in doubt is sent again, and an answer that it has happened already is taken as done.
 */
export const make = (clickhouse: ClickHouse["Service"]): MigrationStore => ({
  name: "clickhouse",
  prepare: clickhouse
    .command(
      `CREATE TABLE IF NOT EXISTS schema_migrations (
         sequence UInt64,
         version String,
         name String,
         checksum String,
         direction LowCardinality(String),
         done UInt32,
         total UInt32,
         running UInt8,
         at DateTime64(3, 'UTC') DEFAULT now64(3)
       ) ENGINE = MergeTree ORDER BY sequence`
    )
    .pipe(Effect.mapError(unavailable("clickhouse"))),
  applied: states(clickhouse).pipe(
    Effect.map((rows) =>
      rows.filter(isApplied).map((row) => ({
        version: row.version,
        name: row.name,
        checksum: row.checksum,
        appliedAt: new Date(`${row.at.replace(" ", "T")}Z`)
      }))
    )
  ),
  unfinished: states(clickhouse).pipe(
    Effect.map((rows) => {
      // Cut off before its first statement, or refused by it: nothing happened.
      const row = rows.find((each) => each.done < each.total && !isUntouched(each))
      return row && { version: row.version, direction: row.direction }
    })
  ),
  run: Effect.fn("ClickHouseStore.run")(function* (migration, direction) {
    const { statements } = migration[direction]
    const state = (yield* states(clickhouse)).find(
      (row) => row.version === migration.version
    )
    const resumed =
      state?.direction === direction && state.done < state.total ? state : undefined
    if (resumed && !isUntouched(resumed) && resumed.checksum !== migration.checksum)
      return yield* failure(
        migration,
        statements[resumed.done] ?? "",
        `the file changed after ${resumed.done} of ${resumed.total} statements had run: restore it, or undo them by hand and delete the rows of this version from schema_migrations`
      )
    const save = (done: number, running: boolean) =>
      record(clickhouse, migration, direction, done, statements.length, running)
    const first = resumed?.done ?? 0
    for (const [index, statement] of statements.entries()) {
      if (index < first) continue
      const inDoubt = index === first && resumed?.running === 1
      if (inDoubt && /^\s*INSERT\b/i.test(statement))
        return yield* failure(migration, statement, inDoubtText(migration, index))
      yield* save(index, true)
      yield* clickhouse.command(statement).pipe(
        Effect.catchIf(
          (error) => inDoubt && error.code !== undefined && alreadySo.has(error.code),
          () => Effect.void
        ),
        Effect.catch((error: ClickHouseError) =>
          (error.code === undefined ? Effect.void : save(index, false)).pipe(
            Effect.andThen(failure(migration, statement, error))
          )
        )
      )
    }
    yield* save(statements.length, false)
  })
})

/** Answers to a repeated CREATE, DROP or ALTER that say it was carried out before. */
const alreadySo = new Set([
  10, // NOT_FOUND_COLUMN_IN_BLOCK: DROP COLUMN again
  15, // DUPLICATE_COLUMN
  44, // ILLEGAL_COLUMN: ADD COLUMN or INDEX again
  57, // TABLE_ALREADY_EXISTS
  60, // UNKNOWN_TABLE: DROP again
  81, // UNKNOWN_DATABASE: DROP again
  82 // DATABASE_ALREADY_EXISTS
])

const isApplied = (row: State): boolean =>
  row.direction === "up" ? row.done === row.total : row.done < row.total

const isUntouched = (row: State): boolean => row.done === 0 && row.running === 0

const states = (clickhouse: ClickHouse["Service"]) =>
  clickhouse
    .query<State>(
      `SELECT version, name, checksum, direction, done, total, running, at
         FROM schema_migrations ORDER BY sequence DESC LIMIT 1 BY version`
    )
    .pipe(Effect.mapError(unavailable("clickhouse")))

/** The order of rows is the lock holder's own count, because clocks may stand still. */
const record = (
  clickhouse: ClickHouse["Service"],
  migration: Migration,
  direction: "up" | "down",
  done: number,
  total: number,
  running: boolean
) =>
  clickhouse
    .command(
      `INSERT INTO schema_migrations
         (sequence, version, name, checksum, direction, done, total, running)
       SELECT max(sequence) + 1, {version:String}, {name:String}, {checksum:String},
              {direction:String}, {done:UInt32}, {total:UInt32}, {running:UInt8}
         FROM schema_migrations`,
      {
        params: {
          version: migration.version,
          name: migration.name,
          checksum: migration.checksum,
          direction,
          done,
          total,
          running
        }
      }
    )
    .pipe(Effect.mapError(unavailable("clickhouse")))

const failure = (migration: Migration, statement: string, cause: unknown) =>
  Effect.fail(
    new StatementFailed({
      store: "clickhouse",
      version: migration.version,
      statement,
      cause
    })
  )

const inDoubtText = (migration: Migration, index: number): string =>
  `an earlier run was cut off during this INSERT, which may have happened. Check it. If it has not, run it by hand. Then: INSERT INTO schema_migrations SELECT max(sequence) + 1, version, name, checksum, direction, ${index + 1}, any(total), 0, now64(3) FROM schema_migrations WHERE version = '${migration.version}' GROUP BY version, name, checksum, direction`
