import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { Outcome } from "../loader/Batch.ts"
import { countOutcomes } from "../loader/BatchRepo.ts"
import { type LedgerUnavailable, unavailable } from "../loader/LoaderErrors.ts"
import { storable } from "../loader/storable.ts"
import type { Judge } from "./Judge.ts"
import { outcomeOf, type Removal, type Removed } from "./Removal.ts"

/** Quarantined events of one transaction. */
const PAGE = 500

/** What a removal moves in the ledger. Each step may be repeated, and counts once. */
export class RemovalLedger extends Context.Service<
  RemovalLedger,
  {
    /** Milliseconds since the event store was last told to remove rows; undefined: never. */
    readonly sinceLast: Effect.Effect<number | undefined, LedgerUnavailable>
    /** Keeps what was found in the event store, the first time; then it is removed. */
    begin(
      removal: Removal,
      counts: Readonly<Record<string, number>>
    ): Effect.Effect<void, LedgerUnavailable>
    /** Removes quarantined events, each together with its count. */
    sweepQuarantine(
      projectId: number,
      judge: Judge
    ): Effect.Effect<void, LedgerUnavailable>
    /** The same of one removal, once: after that only what was kept aside before is left. */
    sweepOnce(removal: Removal, judge: Judge): Effect.Effect<void, LedgerUnavailable>
    /** Removes receipts of dropped events, and undos that name erased ids. */
    sweepReceipts(removal: Removal): Effect.Effect<void, LedgerUnavailable>
    /** Moves its events from stored to erased or expired, and ends it. */
    settle(removal: Removal): Effect.Effect<void, LedgerUnavailable>
  }
>()("@analytics/data-ingestion/removals/RemovalLedger") {
  static readonly layer = Layer.effect(
    RemovalLedger,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const quarantined = (projectId: bigint, after: bigint) =>
        sql<Kept>`
          SELECT id, reason, event, received_at, replayed_at IS NOT NULL AS is_replayed
            FROM ingest.quarantine
           WHERE project_id = ${projectId} AND id > ${after}
           ORDER BY id LIMIT ${PAGE} FOR UPDATE`

      const sweepPage = Effect.fnUntraced(function* (
        projectId: number,
        judge: Judge,
        after: bigint
      ) {
        const rows = yield* quarantined(BigInt(projectId), after)
        const moves: Array<Outcome> = []
        const counts = new Map<string, number>()
        const gone: Array<bigint> = []
        for (const row of rows) {
          const verdict = judge.ofText(row.event, projectId, row.receivedAt.getTime())
          if (verdict === undefined) continue
          if ("line" in verdict) {
            yield* sql`
              UPDATE ingest.quarantine SET event = ${storable(verdict.line)}
               WHERE id = ${row.id}`
            continue
          }
          gone.push(row.id)
          // One that was replayed is counted where it went.
          if (row.isReplayed) continue
          moves.push(...moved(projectId, verdict.as, "quarantined", row.reason, 1))
          const { id } = verdict.goes
          counts.set(id, (counts.get(id) ?? 0) + 1)
        }
        if (gone.length > 0)
          yield* sql`DELETE FROM ingest.quarantine WHERE id = ANY(${gone}::bigint[])`
        yield* countOutcomes(sql, added(moves))
        for (const [id, events] of counts)
          yield* addCount(sql, id, "quarantine", events)
        return rows.length < PAGE ? undefined : rows.at(-1)?.id
      }, sql.withTransaction)

      const sweepQuarantine = Effect.fn("RemovalLedger.sweepQuarantine")(function* (
        projectId: number,
        judge: Judge
      ) {
        for (let after: bigint | undefined = -1n; after !== undefined; )
          after = yield* unavailable(sweepPage(projectId, judge, after))
      })
      /** Numbers of removals that this process has swept for. */
      const swept = new Set<bigint>()

      return RemovalLedger.of({
        sweepQuarantine,
        sweepOnce: Effect.fn("RemovalLedger.sweepOnce")(function* (removal, judge) {
          if (swept.has(removal.seq)) return
          yield* sweepQuarantine(removal.projectId, judge)
          swept.add(removal.seq)
        }),
        sinceLast: sql<{ ms: bigint | null }>`
          SELECT (extract(epoch FROM clock_timestamp() - max(removed_at)) * 1000)::bigint
                   AS ms
            FROM ingest.removals`.pipe(
          Effect.map(([row]) => (row?.ms == null ? undefined : Number(row.ms))),
          unavailable,
          Effect.withSpan("RemovalLedger.sinceLast")
        ),
        begin: Effect.fn("RemovalLedger.begin")((removal, counts) =>
          sql`
            UPDATE ingest.removals
               SET removed_at = clock_timestamp(),
                   counts = counts || ${JSON.stringify(counts)}::jsonb
             WHERE id = ${removal.id}::uuid AND removed_at IS NULL`.pipe(
            unavailable,
            Effect.asVoid
          )
        ),
        sweepReceipts: Effect.fn("RemovalLedger.sweepReceipts")((removal) =>
          Effect.gen(function* () {
            const projectId = BigInt(removal.projectId)
            if (removal.from !== null && removal.to !== null) {
              const receipts = yield* sql`
                DELETE FROM ingest.dropped
                 WHERE project_id = ${projectId}
                   AND timestamp >= ${new Date(removal.from)}
                   AND timestamp < ${new Date(removal.to)}
                   AND received_at <= ${new Date(removal.requestedAt)}
                RETURNING 1`
              yield* addCount(sql, removal.id, "receipts", receipts.length)
            }
            const undos = yield* sql`
              DELETE FROM ingest.link_undos
               WHERE project_id = ${projectId} AND done_at IS NOT NULL
                 AND known_at <= ${new Date(removal.knownAt)}
                 AND (from_id = ANY(${removal.ids}::text[])
                   OR to_id = ANY(${removal.ids}::text[]))
              RETURNING 1`
            yield* addCount(sql, removal.id, "undos", undos.length)
          }).pipe(sql.withTransaction, unavailable)
        ),
        settle: Effect.fn("RemovalLedger.settle")((removal) =>
          Effect.gen(function* () {
            const projectId = BigInt(removal.projectId)
            const [open] = yield* sql<{ events: bigint }>`
              SELECT coalesce((counts->>'events')::bigint, 0) AS events
                FROM ingest.removals
               WHERE id = ${removal.id}::uuid AND done_at IS NULL FOR UPDATE`
            if (open === undefined) return
            if (open.events > 0n)
              yield* countOutcomes(
                sql,
                moved(
                  removal.projectId,
                  outcomeOf(removal.kind),
                  "stored",
                  "",
                  Number(open.events)
                )
              )
            const links = yield* sql`
              DELETE FROM ingest.removed_links
               WHERE project_id = ${projectId} AND known_at <= ${new Date(removal.knownAt)}
                 AND (from_id = ANY(${removal.ids}::text[])
                   OR to_id = ANY(${removal.ids}::text[]))
              RETURNING 1`
            yield* addCount(sql, removal.id, "links", links.length)
            yield* sql`
              DELETE FROM ingest.removed_ids
               WHERE project_id = ${projectId} AND removal = ${removal.id}::uuid`
            // Who it was is forgotten; hashes stay, for what is replayed.
            yield* sql`
              UPDATE ingest.removals SET done_at = clock_timestamp(), ids = '{}'
               WHERE id = ${removal.id}::uuid`
          }).pipe(sql.withTransaction, unavailable)
        )
      })
    })
  )
}

/** Adds to what was found in one place. */
export const addCount = (
  sql: SqlClient.SqlClient,
  id: string,
  place: string,
  found: number
) =>
  found === 0
    ? Effect.void
    : sql`
        UPDATE ingest.removals
           SET counts = jsonb_set(counts, ARRAY[${place}::text], to_jsonb(
                 coalesce((counts->>${place}::text)::bigint, 0) + ${BigInt(found)}))
         WHERE id = ${id}::uuid`

/** Events from one outcome to another. */
const moved = (
  projectId: number,
  to: Removed,
  from: "stored" | "quarantined",
  reason: string,
  events: number
): ReadonlyArray<Outcome> => [
  { projectId, outcome: to, reason: "", events },
  { projectId, outcome: from, reason, events: -events }
]

/** One row for each key. */
const added = (moves: ReadonlyArray<Outcome>): ReadonlyArray<Outcome> =>
  [...Map.groupBy(moves, ({ outcome, reason }) => `${outcome} ${reason}`).values()].map(
    (same) => ({
      projectId: same[0]?.projectId ?? 0,
      outcome: same[0]?.outcome ?? "erased",
      reason: same[0]?.reason ?? "",
      events: same.reduce((sum, { events }) => sum + events, 0)
    })
  )

interface Kept {
  readonly id: bigint
  readonly reason: string
  readonly event: string
  readonly receivedAt: Date
  readonly isReplayed: boolean
}
