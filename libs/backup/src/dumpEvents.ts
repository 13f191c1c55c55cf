import { ClickHouse, quoteName } from "@analytics/database/ClickHouse"
import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { logicalName } from "@analytics/database/Topology"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Duration, Effect, Stream } from "effect"
import { BackupUnavailable } from "./BackupError.ts"
import { dump } from "./Dump.ts"
import { attemptFolder, type DumpedObject } from "./Manifest.ts"

export interface EventTable {
  readonly name: string
  readonly columns: ReadonlyArray<string>
}

/** A piece of a table that is dumped at once. */
export interface Piece extends EventTable {
  /** ClickHouse's partition id: `202511`, `all`. */
  readonly partition: string
}

/** Of one statement that reads or rewrites a whole table. */
export const LONGEST = Duration.hours(12)

/** ISO 8601 as the store reads it. */
export const clockText = (instant: string): string =>
  instant.replace("T", " ").replace("Z", "")

export const storeAway = (error: ClickHouseError) =>
  new BackupUnavailable({ what: "ClickHouse", detail: error.message })

/** The people of cohorts, which a refresh finds anew; a restore only empties it. */
export const DERIVED = ["cohort_people"]

/** Tables of ours, without those that the place of a restore has of its own. */
export const eventTables: Effect.Effect<
  ReadonlyArray<EventTable>,
  BackupUnavailable,
  ClickHouse
> = Effect.gen(function* () {
  const clickhouse = yield* ClickHouse
  return yield* clickhouse
    .query<EventTable>(
      `SELECT c.table AS name, groupArray(c.name) AS columns
         FROM (SELECT table, name, position FROM system.columns
                WHERE database = currentDatabase()
                  AND default_kind NOT IN ('ALIAS', 'MATERIALIZED', 'EPHEMERAL')
                ORDER BY table, position) AS c
         JOIN system.tables AS t ON t.name = c.table AND t.database = currentDatabase()
        WHERE t.engine LIKE '%MergeTree'
          AND c.table NOT IN ('schema_migrations', 'installation')
          AND c.table NOT IN {derived:Array(String)}
        GROUP BY c.table ORDER BY c.table`,
      { params: { derived: DERIVED } }
    )
    .pipe(
      Effect.map((tables) =>
        tables.map((table) => ({ ...table, name: logicalName(table.name) }))
      ),
      Effect.mapError(storeAway)
    )
}).pipe(Effect.withSpan("Backup.eventTables"))

/** Every table by partition; one that has no rows is no piece. */
export const eventPieces = Effect.gen(function* () {
  const clickhouse = yield* ClickHouse
  const tables = yield* eventTables
  const parts = yield* clickhouse
    .query<{ table: string; partition: string }>(
      `SELECT DISTINCT table, partition_id AS partition
         FROM ${clickhouse.topology.onEveryNode("system.parts")}
        WHERE active AND database = currentDatabase() ORDER BY table, partition`
    )
    .pipe(Effect.mapError(storeAway))
  return tables.flatMap(
    (table): ReadonlyArray<Piece> =>
      parts
        .filter((part) => logicalName(part.table) === table.name)
        .map(({ partition }) => ({ ...table, partition }))
  )
}).pipe(Effect.withSpan("Backup.eventPieces"))

export const clickhouseMigrations = Effect.gen(function* () {
  const clickhouse = yield* ClickHouse
  const rows = yield* clickhouse
    .query<{ version: string }>(
      `SELECT version FROM
         (SELECT * FROM schema_migrations ORDER BY sequence DESC LIMIT 1 BY version)
        WHERE direction = 'up' AND done = total ORDER BY version`
    )
    .pipe(Effect.mapError(storeAway))
  return rows.map(({ version }) => version)
})

/** What of each table was known when Postgres was read; of others, everything. */
const KNOWN: Readonly<Record<string, string>> = {
  events: "known_at <= {until:DateTime64(6, 'UTC')}",
  person_links: "known_at <= {until:DateTime64(6, 'UTC')}",
  cohort_ids: "changed_at <= {until:DateTime64(6, 'UTC')}"
}

/** Rows of one piece, a line each, of what was known at `until` (ISO 8601). */
export const rowsAsText = Effect.fnUntraced(function* (
  { columns, name, partition }: Piece,
  until: string
): Effect.fn.Return<AsyncIterable<Uint8Array>, never, ClickHouse> {
  const clickhouse = yield* ClickHouse
  const known = KNOWN[name]
  return yield* Stream.toAsyncIterableEffect(
    clickhouse.stream(
      `SELECT ${columns.map(quoteName).join(", ")} FROM ${quoteName(name)}
        WHERE _partition_id = {partition:String}${known ? ` AND ${known}` : ""}`,
      {
        format: "TabSeparated",
        params: { partition, until: clockText(until) },
        settings: { max_threads: 1, max_execution_time: 0 }
      }
    )
  )
})

export const dumpPiece = Effect.fn("Backup.dumpPiece")(function* (
  piece: Piece,
  name: string,
  until: string
): Effect.fn.Return<DumpedObject, BackupUnavailable, ClickHouse | ObjectStore> {
  return yield* dump(
    {
      store: "clickhouse",
      table: piece.name,
      columns: piece.columns,
      key: `${attemptFolder(name, until)}/clickhouse/${piece.name}/${piece.partition}.tsv.zst`
    },
    yield* rowsAsText(piece, until)
  )
})
