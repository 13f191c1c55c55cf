import { decodeLine, frameLines } from "@analytics/data-processing/InboxEvent"
import { ClickHouse, quoteName } from "@analytics/database/ClickHouse"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
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

const away = (what: string) => (error: { readonly _tag: string }) =>
  new JobUnavailable({ what, detail: error._tag })

/** Looks through every table of both stores, and the frames of the inbox. */
export const scan = Effect.fn("Erase.scan")(function* (terms: Terms) {
  const found: Record<string, number> = {
    ...(yield* Effect.mapError(inClickHouse(terms), away("ClickHouse"))),
    ...(terms.ids.length === 0
      ? {}
      : yield* Effect.mapError(inPostgres(terms), away("Postgres")))
  }
  return found
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

/** As a text stands in JSON. */
const quotedOf = ({ ids }: Terms) => ids.map((id) => JSON.stringify(id))

const inClickHouse = Effect.fnUntraced(function* (terms: Terms) {
  const store = yield* ClickHouse
  const columns = yield* store.query<Column>(
    `SELECT c.table AS table, c.name AS name, c.type AS type
       FROM system.columns AS c
       JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
      WHERE c.database = currentDatabase() AND t.engine LIKE '%MergeTree'`
  )
  const found: Record<string, number> = {}
  for (const [table, own] of byTable(columns)) {
    const condition = clickHouseCondition(own, terms)
    if (condition === undefined) continue
    for (const projections of [0, 1] as const) {
      const [row] = yield* store.query<{ n: string }>(
        `SELECT count() AS n FROM ${quoteName(table)} WHERE ${condition}`,
        {
          params: {
            project: terms.projectId,
            ids: terms.ids,
            quoted: quotedOf(terms),
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
    if (ids.length === 0) return []
    if (/^(?:LowCardinality\()?String/u.test(type))
      return [`${column} IN {ids:Array(String)}`]
    return type === "Map(String, String)"
      ? [`hasAny(mapValues(${column}), {quoted:Array(String)})`]
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
  const found: Record<string, number> = {}
  const quoted = quotedOf(terms)
  for (const [table, own] of byTable(columns)) {
    const named = own.flatMap(({ name, type }) => {
      const column = sql(name)
      const inJson = sql`EXISTS (
        SELECT 1 FROM unnest(${quoted}::text[]) AS q WHERE strpos(${column}::text, q) > 0)`
      if (type === "text" || type === "varchar")
        return [sql`${column} = ANY(${terms.ids}::text[])`, inJson]
      if (type === "_text") return [sql`${column} && ${terms.ids}::text[]`]
      return type === "jsonb" || type === "json" ? [inJson] : []
    })
    if (named.length === 0) continue
    const moment = momentOf(own)
    const until = new Date(terms.requestedAt)
    const [row] = yield* sql<{ n: bigint }>`
      SELECT count(*) AS n FROM ${sql.literal(quotedTable(table))}
       WHERE (${sql.or(named)})
         AND ${moment === undefined ? sql`true` : sql`${sql(moment)} <= ${until}`}
         AND ${table === "jobs.jobs" ? sql`id <> ${terms.jobId}::uuid` : sql`true`}`
    found[`postgres ${table}`] = Number(row?.n ?? 0)
  }
  found["postgres ingest.inbox, lines"] = yield* inInbox(terms)
  return found
})

const quotedTable = (table: string): string =>
  table
    .split(".")
    .map((name) => `"${name.replaceAll('"', '""')}"`)
    .join(".")

/** Lines that name an id, of all frames of the project. */
const inInbox = Effect.fnUntraced(function* (terms: Terms) {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const quoted = quotedOf(terms)
  let lines = 0
  for (let after = -1n; ; ) {
    const rows = yield* sql<{ id: bigint; frame: Uint8Array }>`
      SELECT id, frame FROM ingest.inbox
       WHERE project_ids @> ARRAY[${BigInt(terms.projectId)}::bigint] AND id > ${after}
       ORDER BY id LIMIT ${PAGE}`
    for (const { frame, id } of rows) {
      after = id
      yield* Effect.yieldNow
      lines += linesOf(frame).filter(
        (line) => quoted.some((text) => line.includes(text)) && receivedBy(line, terms)
      ).length
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

/** What cannot be read may be theirs. */
const receivedBy = (line: string, { projectId, requestedAt }: Terms): boolean => {
  try {
    const { p, r } = decodeLine(line)
    return p === projectId && r <= requestedAt
  } catch {
    return true
  }
}
