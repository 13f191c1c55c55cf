import { IdHash } from "@analytics/data-processing/IdHash"
import { frameLines, type InboxEvent } from "@analytics/data-processing/InboxEvent"
import { ClickHouse, quoteName } from "@analytics/database/ClickHouse"
import { testInstallation } from "@analytics/testing/testInstallation"
import { Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { accountOf } from "../../src/accounting/Accounting.ts"
import { AccountingRepo } from "../../src/accounting/AccountingRepo.ts"
import { passLayer, removeDue } from "../../src/removals/RemovalPass.ts"
import { Removals, type Wanted } from "../../src/removals/Removals.ts"
import { receive, stores, track } from "../loader/loaderTest.ts"

export const layer = Removals.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(passLayer, AccountingRepo.layer)),
  Layer.provideMerge(stores)
)

const idHash = new IdHash(testInstallation.idHashKey)
export const hashOf = (projectId: number, id: string) => idHash.id(projectId, id)

/** The books of a project, as `GET /v1/accounting` tells them. */
export const account = (projectId: number) =>
  Effect.map(
    AccountingRepo.use((repo) => repo.counts(projectId)),
    accountOf
  )

/** What the receiver does, at this moment: the row, and what was acknowledged. */
export const accept = Effect.fnUntraced(function* (
  projectId: number,
  events: ReadonlyArray<Partial<InboxEvent> & { readonly m: string }>,
  lane: "live" | "bulk" = "live"
) {
  const sql = yield* SqlClient.SqlClient
  const now = Date.now()
  yield* receive(
    events.map(({ m, ...given }) => track(m, { p: projectId, r: now, ...given })),
    { lane }
  )
  yield* sql`
    INSERT INTO ingest.accepted AS a (project_id, writer, events)
    VALUES (${BigInt(projectId)}, 'test', ${BigInt(events.length)})
        ON CONFLICT (project_id, writer)
        DO UPDATE SET events = a.events + excluded.events`
})

export const erase = (
  projectId: number,
  ids: ReadonlyArray<string>,
  given: Partial<Wanted> = {}
) =>
  Removals.use((removals) =>
    removals.register({
      id: crypto.randomUUID(),
      projectId,
      kind: "person",
      ids,
      from: null,
      to: null,
      ...given
    })
  )

/** What a loader does every few seconds, without the wait between two removals. */
export const pass = removeDue(Duration.zero)

/**
 * Where the texts still stand or the hashes are named, by table of either store: rows as
 * text, frames unpacked, and the projections read by themselves.
 */
export const scan = Effect.fnUntraced(function* (
  projectId: number,
  ids: ReadonlyArray<string>
) {
  const sql = yield* SqlClient.SqlClient
  const store = yield* ClickHouse
  const found: Record<string, number> = {}
  const note = (place: string, rows: number) => {
    if (rows > 0) found[place] = rows
  }
  const patterns = ids.map((id) => `%${id}%`)
  const tables = yield* sql<{ name: string }>`
    SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE'
       AND table_schema NOT IN ('pg_catalog', 'information_schema')`
  for (const { name } of tables) {
    const [row] = yield* sql<{ n: bigint }>`
      SELECT count(*) AS n FROM ${sql.literal(name)} AS t
       WHERE t::text LIKE ANY(${patterns}::text[])`
    note(name, Number(row?.n))
  }
  const frames = yield* sql<{ frame: Uint8Array }>`SELECT frame FROM ingest.inbox`
  note(
    "inbox lines",
    frames
      .flatMap(({ frame }) => frameLines(frame))
      .filter((line) => ids.some((id) => line.includes(id))).length
  )
  const hashes = ids.map((id) => hashOf(projectId, id)).join(", ")
  const places = yield* store.query<{ table: string; hashed: ReadonlyArray<string> }>(
    `SELECT table, groupArrayIf(name, name IN ('id_hash', 'person')) AS hashed
       FROM system.columns WHERE database = currentDatabase() GROUP BY table`
  )
  for (const { hashed, table: name } of places)
    for (const optimize_use_projections of [0, 1] as const) {
      const named = hashed.map((column) => ` OR ${column} IN (${hashes})`).join("")
      const [row] = yield* store.query<{ n: string }>(
        `SELECT count() AS n FROM ${quoteName(name)}
          WHERE multiSearchAny(toString(tuple(*)), {ids:Array(String)})${named}`,
        { params: { ids }, settings: { optimize_use_projections } }
      )
      note(`${name} ${optimize_use_projections}`, Number(row?.n))
    }
  const [projected] = yield* store.query<{ n: string }>(
    `SELECT count() AS n FROM events
      WHERE project_id = {projectId:UInt32} AND id_hash IN (${hashes})`,
    {
      params: { projectId },
      settings: { preferred_optimize_projection_name: "p_timeline" }
    }
  )
  note("p_timeline", Number(projected?.n))
  return found
})
