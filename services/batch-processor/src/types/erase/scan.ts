import { decodeLine, frameLines } from "@analytics/data-processing/InboxEvent"
import { isNamedIn, writtenIn } from "@analytics/data-processing/NamedIn"
import { ClickHouse, quoteName } from "@analytics/database/ClickHouse"
import { logicalName } from "@analytics/database/Topology"
import { Effect, Schema } from "effect"
import { SqlClient, type Statement } from "effect/sql"
import { JobUnavailable } from "../../jobs/JobType.ts"

/** Who or what is looked for. */
export interface Terms {
  readonly jobId: string
  readonly projectId: number
  /** Ids of the person as texts; those that are known. */
  readonly ids: ReadonlyArray<string>
  /** `id_hash` of all ids, decimal. */
  readonly idHashes: ReadonlyArray<string>
  /** Of a range, epoch milliseconds. */
  readonly range: { readonly from: number; readonly to: number } | undefined
  /** Epoch milliseconds; what came later is not looked for. */
  readonly requestedAt: number
}

/** Rows by place: `clickhouse events`, with projections on and off, `postgres ingest.links`. */
export type Found = Readonly<Record<string, number>>

/** Rows that are the person's, and rows of others that speak of an id. */
export const Scanned = Schema.Struct({
  places: Schema.Record(Schema.String, Schema.Int),
  mentions: Schema.Record(Schema.String, Schema.Int)
})

/** When a row came to be, by the first of these columns that a table has. */
const MOMENTS = [
  "received_at",
  "known_at",
  "changed_at",
  "requested_at",
  "created_at",
  "saved_at",
  "at"
]
const PAGE = 20

/** Columns that say who somebody is. Others may hold the same text by chance. */
const ID_COLUMNS = new Set([
  "user_id",
  "anonymous_id",
  "previous_id",
  "from_id",
  "to_id",
  "ids"
])
/** Characters of an id that is hardly anything else wherever it stands. */
const TELLING = 8

const away = (what: string) => (error: { readonly _tag: string }) =>
  new JobUnavailable({ what, detail: error._tag })

/** Looks through every table of both stores, and the frames of the inbox. */
export const scan = Effect.fn("Erase.scan")(function* (terms: Terms) {
  const stored = yield* Effect.mapError(inClickHouse(terms), away("ClickHouse"))
  if (terms.ids.length === 0) return { places: stored, mentions: {} }
  const { mentions, places } = yield* Effect.mapError(
    inPostgres(terms),
    away("Postgres")
  )
  return { places: { ...stored, ...places }, mentions }
})

interface Column {
  readonly table: string
  readonly name: string
  readonly type: string
}

const byTable = (columns: ReadonlyArray<Column>) =>
  Map.groupBy(columns, ({ table }) => table)

const momentOf = (columns: ReadonlyArray<Column>): string | undefined =>
  MOMENTS.find((moment) => columns.some(({ name }) => name === moment))

const inClickHouse = Effect.fnUntraced(function* (terms: Terms) {
  const store = yield* ClickHouse
  const columns = yield* store.query<Column>(
    `SELECT c.table AS table, c.name AS name, c.type AS type
       FROM system.columns AS c
       JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
      WHERE c.database = currentDatabase() AND t.engine LIKE '%MergeTree'`
  )
  const found: Record<string, number> = {}
  for (const [stored, own] of byTable(columns)) {
    const table = logicalName(stored)
    const condition = clickHouseCondition(own, terms)
    if (condition === undefined) continue
    for (const projections of [0, 1] as const) {
      const [row] = yield* store.query<{ n: string }>(
        `SELECT count() AS n FROM ${store.topology.everyCopyOf(table)} WHERE ${condition}`,
        {
          params: {
            project: terms.projectId,
            ids: terms.ids,
            until: terms.requestedAt,
            from: terms.range?.from ?? 0,
            to: terms.range?.to ?? 0
          },
          settings: {
            optimize_use_projections: projections,
            max_query_size: "67108864"
          }
        }
      )
      found[`clickhouse ${table}, projections ${projections === 1 ? "on" : "off"}`] =
        Number(row?.n ?? 0)
    }
  }
  return found
})

const clickHouseCondition = (
  columns: ReadonlyArray<Column>,
  { idHashes, ids, range }: Terms
): string | undefined => {
  const names = new Set(columns.map(({ name }) => name))
  const moment = momentOf(columns)
  const where = [
    ...(names.has("project_id") ? ["project_id = {project:UInt32}"] : []),
    ...(moment === undefined
      ? []
      : [`toUnixTimestamp64Milli(${quoteName(moment)}) <= {until:Int64}`])
  ]
  if (range !== undefined)
    return names.has("timestamp")
      ? [
          ...where,
          "toUnixTimestamp64Milli(timestamp) >= {from:Int64}",
          "toUnixTimestamp64Milli(timestamp) < {to:Int64}"
        ].join(" AND ")
      : undefined
  const hashes = idHashes.map((hash) => BigInt(hash)).join(", ")
  const named = columns.flatMap(({ name, type }) => {
    const column = quoteName(name)
    if ((name === "id_hash" || name === "person") && hashes !== "")
      return [`${column} IN (${hashes})`]
    return ids.length > 0 && ID_COLUMNS.has(name) && type.startsWith("String")
      ? [`${column} IN {ids:Array(String)}`]
      : []
  })
  return named.length === 0
    ? undefined
    : [...where, `(${named.join(" OR ")})`].join(" AND ")
}

const inPostgres = Effect.fnUntraced(function* (terms: Terms) {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const columns = yield* sql<Column>`
    SELECT c.table_schema || '.' || c.table_name AS table, c.column_name AS name,
           c.udt_name AS type
      FROM information_schema.columns AS c
      JOIN information_schema.tables AS t USING (table_schema, table_name)
     WHERE t.table_type = 'BASE TABLE'
       AND c.table_schema NOT IN ('pg_catalog', 'information_schema')
       AND c.table_name NOT LIKE 'inbox%'`
  const places: Record<string, number> = {}
  const mentions: Record<string, number> = {}
  const telling = terms.ids.filter(({ length }) => length >= TELLING)
  const quoted = telling.map((id) => JSON.stringify(id))
  for (const [table, own] of byTable(columns)) {
    const moment = momentOf(own)
    const rows = (conditions: ReadonlyArray<Statement.Fragment>) =>
      sql<{ n: bigint }>`
        SELECT count(*) AS n FROM ${sql.literal(quotedTable(table))}
         WHERE (${sql.or(conditions)})
           AND ${moment === undefined ? sql`true` : sql`${sql(moment)} <= ${new Date(terms.requestedAt)}`}
           AND ${table === "jobs.jobs" ? sql`id <> ${terms.jobId}::uuid` : sql`true`}`.pipe(
        Effect.map(([row]) => Number(row?.n ?? 0))
      )
    const named = own.flatMap(({ name, type }) => {
      if (!ID_COLUMNS.has(name)) return []
      return type === "_text"
        ? [sql`${sql(name)} && ${terms.ids}::text[]`]
        : [sql`${sql(name)}::text = ANY(${terms.ids}::text[])`]
    })
    if (named.length > 0) places[`postgres ${table}`] = yield* rows(named)
    const spoken = own.flatMap(({ name, type }) => {
      const column = sql(name)
      const inJson = sql`EXISTS (
        SELECT 1 FROM unnest(${quoted}::text[]) AS q WHERE strpos(${column}::text, q) > 0)`
      if (ID_COLUMNS.has(name)) return []
      if (type === "text" || type === "varchar")
        return [sql`${column} = ANY(${telling}::text[])`, inJson]
      return type === "jsonb" || type === "json" ? [inJson] : []
    })
    const found = spoken.length === 0 || telling.length === 0 ? 0 : yield* rows(spoken)
    if (found > 0) mentions[`postgres ${table}`] = found
  }
  places["postgres ingest.quarantine, lines"] = yield* inQuarantine(terms)
  places["postgres ingest.inbox, lines"] = yield* inInbox(terms)
  return { places, mentions }
})

const quotedTable = (table: string): string =>
  table
    .split(".")
    .map((name) => `"${name.replaceAll('"', '""')}"`)
    .join(".")

const inQuarantine = Effect.fnUntraced(function* (terms: Terms) {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  let lines = 0
  for (let after = -1n; ; ) {
    const rows = yield* sql<{ id: bigint; event: string }>`
      SELECT id, event FROM ingest.quarantine
       WHERE project_id = ${BigInt(terms.projectId)} AND id > ${after}
       ORDER BY id LIMIT ${PAGE * 50}`
    lines += rows.filter(({ event }) => isTheirs(event, terms)).length
    after = rows.at(-1)?.id ?? after
    if (rows.length < PAGE * 50) return lines
  }
})

/** Of all frames of the project. */
const inInbox = Effect.fnUntraced(function* (terms: Terms) {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  let lines = 0
  for (let after = -1n; ; ) {
    const rows = yield* sql<{ id: bigint; frame: Uint8Array }>`
      SELECT id, frame FROM ingest.inbox
       WHERE project_ids @> ARRAY[${BigInt(terms.projectId)}::bigint] AND id > ${after}
       ORDER BY id LIMIT ${PAGE}`
    for (const { frame, id } of rows) {
      after = id
      yield* Effect.yieldNow
      lines += linesOf(frame).filter((line) => isTheirs(line, terms)).length
    }
    if (rows.length < PAGE) return lines
  }
})

const linesOf = (frame: Uint8Array): ReadonlyArray<string> => {
  try {
    return frameLines(frame)
  } catch {
    return []
  }
}

/** Whether a line names one of the ids as that of a person. What cannot be read may. */
const isTheirs = (line: string, { ids, projectId, requestedAt }: Terms): boolean => {
  if (!ids.some((id) => writtenIn(id).some((written) => line.includes(written))))
    return false
  try {
    const event = decodeLine(line)
    const { a, p, r, u, v } = event
    return (
      p === projectId &&
      r <= requestedAt &&
      ([u, a, v].some((id) => id !== undefined && ids.includes(id)) ||
        ids.some((id) => isNamedIn(event, id)))
    )
  } catch {
    return true
  }
}
