import type { ClickHouse } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Effect, Schema } from "effect"
import { type ClusterStatement, clusterStatements } from "./ClusterSql.ts"
import { alreadySo, NodesDiffer, tellNodes } from "./DistributedDdl.ts"
import { HistoryConflict, StatementFailed, unavailable } from "./MigrateError.ts"
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
  /** Times that it was taken back. */
  readonly downs: string
}

/**
 * ClickHouse has no transaction around DDL, so every statement is announced before it is
 * sent and recorded after it. A killed run is continued where it stopped: the one statement
 * in doubt is sent again, and an answer that it has happened already is taken as done.
 */
export const make = (clickhouse: ClickHouse["Service"]): MigrationStore => ({
  name: "clickhouse",
  prepare: Effect.gen(function* () {
    yield* sameKind(clickhouse)
    for (const statement of yield* translated(clickhouse, "record", [RECORD]))
      yield* tell(clickhouse, statement, true)
  }).pipe(
    Effect.catchTags({
      ClickHouseError: (error) => Effect.fail(unavailable("clickhouse")(error)),
      NodesDiffer: (error) => Effect.fail(unavailable("clickhouse")(error)),
      Untranslated: (error) => Effect.die(error)
    })
  ),
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
    const state = (yield* states(clickhouse)).find(
      (row) => row.version === migration.version
    )
    // A table that was dropped with its migration comes back as another.
    const statements = yield* translated(
      clickhouse,
      `${migration.version} ${state?.downs ?? 0}`,
      migration[direction].statements
    ).pipe(
      Effect.catchTags({
        Untranslated: (error) => failure(migration, error.statement, error.cause),
        ClickHouseError: (error) => Effect.fail(unavailable("clickhouse")(error))
      })
    )
    const resumed =
      state?.direction === direction && state.done < state.total ? state : undefined
    if (resumed && !isUntouched(resumed) && resumed.checksum !== migration.checksum)
      return yield* failure(
        migration,
        statements[resumed.done]?.sql ?? "",
        `the file changed after ${resumed.done} of ${resumed.total} statements had run: restore it, or undo them by hand and delete the rows of this version from schema_migrations`
      )
    const save = (done: number, running: boolean) =>
      record(clickhouse, migration, direction, done, statements.length, running)
    const first = resumed?.done ?? 0
    for (const [index, statement] of statements.entries()) {
      if (index < first) continue
      const inDoubt = index === first && resumed?.running === 1
      if (inDoubt && /^\s*INSERT\b/i.test(statement.sql))
        return yield* failure(migration, statement.sql, inDoubtText(migration, index))
      yield* save(index, true)
      yield* tell(clickhouse, statement, inDoubt).pipe(
        Effect.catch((error) =>
          (isRefusal(error) ? save(index, false) : Effect.void).pipe(
            Effect.andThen(failure(migration, statement.sql, error))
          )
        )
      )
    }
    yield* save(statements.length, false)
  })
})

/** A statement that a cluster cannot be told. */
class Untranslated extends Schema.TaggedError<Untranslated>()("Untranslated", {
  statement: Schema.String,
  cause: Schema.Defect()
}) {}

/** Whether the statement has certainly changed nothing. */
const isRefusal = (error: ClickHouseError | NodesDiffer): boolean =>
  error instanceof NodesDiffer ? error.nowhere : error.code !== undefined

const RECORD = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
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

/**
 * Tables of one node cannot become those of a cluster by a migration, nor back. Every node
 * is looked at: the one that answers may be one that has nothing yet.
 */
const sameKind = ({ query, topology }: ClickHouse["Service"]) =>
  query<{ ofCluster: string; ofOneNode: string }>(
    // One table may be this record of another attempt, before there was anything.
    `SELECT sum(replicated) AS ofCluster, countIf(tables > 1 AND replicated = 0) AS ofOneNode
       FROM (SELECT count() AS tables,
                    countIf(engine = 'Distributed' OR engine LIKE 'Replicated%') AS replicated
               FROM ${topology.onEveryNode("system.tables")}
              WHERE database = currentDatabase()
              ${topology.cluster === undefined ? "" : "GROUP BY hostName(), tcpPort()"})`
  ).pipe(
    Effect.flatMap(([found]) =>
      Number(topology.cluster === undefined ? found?.ofCluster : found?.ofOneNode) === 0
        ? Effect.void
        : Effect.fail(
            new HistoryConflict({
              store: "clickhouse",
              version: "schema_migrations",
              reason:
                "the tables of this database are of one node and CLICKHOUSE_CLUSTER names a cluster, or the other way round; back up, and restore into a new database (docs/operations/scale-out.md)"
            })
          )
    )
  )

/** Statements as this store takes them; `of` tells those of one run from any other's. */
const translated = (
  clickhouse: ClickHouse["Service"],
  of: string,
  statements: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<ClusterStatement>, Untranslated | ClickHouseError> =>
  clickhouse.topology.cluster === undefined
    ? Effect.succeed(statements.map((sql) => ({ sql, onEveryNode: false })))
    : clickhouse.query<{ name: string }>("SELECT currentDatabase() AS name").pipe(
        Effect.flatMap(([database]) =>
          Effect.forEach(statements, (statement, index) =>
            Effect.try({
              try: () =>
                clusterStatements(
                  statement,
                  clickhouse.topology,
                  `${database?.name} ${of} ${index}`
                ),
              catch: (cause) => new Untranslated({ statement, cause })
            })
          )
        ),
        Effect.map((all) => all.flat())
      )

const tell = (
  clickhouse: ClickHouse["Service"],
  statement: ClusterStatement,
  again: boolean
): Effect.Effect<void, ClickHouseError | NodesDiffer> =>
  statement.onEveryNode
    ? tellNodes(clickhouse, statement.sql, again)
    : clickhouse.command(statement.sql).pipe(
        Effect.catchIf(
          (error) => again && error.code !== undefined && alreadySo.has(error.code),
          () => Effect.void
        )
      )

const isApplied = (row: State): boolean =>
  row.direction === "up" ? row.done === row.total : row.done < row.total

const isUntouched = (row: State): boolean => row.done === 0 && row.running === 0

const states = (clickhouse: ClickHouse["Service"]) =>
  clickhouse
    .query<State>(
      `SELECT version, name, checksum, direction, done, total, running, at,
              countIf(direction = 'down' AND done = total) OVER (PARTITION BY version)
                AS downs
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
