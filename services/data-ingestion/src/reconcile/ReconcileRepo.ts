import { ClickHouse } from "@analytics/database/ClickHouse"
import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"

/** What the books of a project say at one moment at which no batch was sealed. */
export interface Books {
  /** Every batch sealed before has at most this `known_at`, every later one a larger. */
  readonly sealedUpTo: Date
  /** Sealed, and not done: some of their events may be stored already. */
  readonly openBatches: ReadonlyArray<bigint>
  readonly stored: number
  /** By reason. */
  readonly quarantined: ReadonlyMap<string, number>
  /** Rows that lie in quarantine, by reason. */
  readonly inQuarantine: ReadonlyMap<string, number>
  /** Removals of this project that are not done: rows go that are still counted. */
  readonly openRemovals: number
}

/** What the event store holds of the batches that were done by then. */
export interface Held {
  readonly events: number
  /** Messages that are stored more than once, and the first few of them. */
  readonly doubled: number
  readonly examples: ReadonlyArray<string>
}

/** Messages named in one difference. */
const EXAMPLES = 10

/** Reads the source of each number of the accounting, apart from the counters. */
export class ReconcileRepo extends Context.Service<
  ReconcileRepo,
  {
    /** Everybody who ever had an event acknowledged, in order. */
    readonly projects: Effect.Effect<ReadonlyArray<number>, StoreUnavailable>
    books(projectId: number): Effect.Effect<Books, StoreUnavailable>
    held(projectId: number, books: Books): Effect.Effect<Held, StoreUnavailable>
  }
>()("@analytics/data-ingestion/reconcile/ReconcileRepo") {
  static readonly layer = Layer.effect(
    ReconcileRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const clickhouse = yield* ClickHouse

      const reading = Effect.fnUntraced(function* (projectId: number) {
        const id = BigInt(projectId)
        yield* sql`SET LOCAL lock_timeout = '5s'`
        const [sealed] = yield* sql<{ published: Date }>`
          UPDATE ingest.watermark
             SET published = date_trunc('milliseconds', greatest(published, clock_timestamp(),
                   (SELECT max(known_at) FROM ingest.batches))) + interval '1 millisecond'
          RETURNING published`
        const [row] = yield* sql<{
          open: ReadonlyArray<bigint> | null
          stored: bigint
          removals: bigint
        }>`
          SELECT (SELECT array_agg(batch_id) FROM ingest.batches
                   WHERE done_at IS NULL) AS open,
                 (SELECT coalesce(sum(events), 0)::bigint FROM ingest.outcomes
                   WHERE project_id = ${id} AND outcome = 'stored') AS stored,
                 (SELECT count(*) FROM ingest.removals
                   WHERE project_id = ${id} AND done_at IS NULL) AS removals`
        const counted = yield* sql<Reason>`
          SELECT reason, events FROM ingest.outcomes
           WHERE project_id = ${id} AND outcome = 'quarantined' AND events <> 0`
        const lying = yield* sql<Reason>`
          SELECT reason, count(*) AS events FROM ingest.quarantine
           WHERE project_id = ${id} AND replayed_at IS NULL GROUP BY reason`
        const books: Books = {
          sealedUpTo: sealed?.published ?? new Date(0),
          openBatches: row?.open ?? [],
          stored: Number(row?.stored ?? 0n),
          openRemovals: Number(row?.removals ?? 0n),
          quarantined: byReason(counted),
          inQuarantine: byReason(lying)
        }
        return books
      })

      return ReconcileRepo.of({
        projects: sql<{ projectId: bigint }>`
          SELECT DISTINCT project_id FROM ingest.accepted ORDER BY project_id`.pipe(
          Effect.map((rows) => rows.map(({ projectId }) => Number(projectId))),
          within("10 seconds"),
          Effect.catchTag("SqlError", unavailable("reconciliation")),
          Effect.withSpan("ReconcileRepo.projects")
        ),

        // Done while the row of the watermark is held: nothing is sealed meanwhile.
        books: Effect.fn("ReconcileRepo.books")((projectId) =>
          reading(projectId).pipe(
            sql.withTransaction,
            within("20 seconds"),
            Effect.catchTag("SqlError", unavailable("reconciliation"))
          )
        ),

        held: Effect.fn("ReconcileRepo.held")(
          function* (projectId, { openBatches, sealedUpTo }) {
            const params = {
              projectId,
              open: openBatches,
              until: sealedUpTo.toISOString().replace("T", " ").replace("Z", "")
            }
            const events = `SELECT message_id FROM events
               WHERE project_id = {projectId:UInt32}
                 AND known_at <= {until:DateTime64(3, 'UTC')}
                 AND batch_id NOT IN {open:Array(UInt64)}`
            const doubled = `SELECT message_id FROM (${events})
               GROUP BY message_id HAVING count() > 1`
            const [counts] = yield* clickhouse.query<{
              events: string
              doubled: string
            }>(
              `SELECT (SELECT count() FROM (${events})) AS events,
                      (SELECT count() FROM (${doubled})) AS doubled`,
              { params }
            )
            const examples =
              Number(counts?.doubled) === 0
                ? []
                : yield* clickhouse.query<{ message_id: string }>(
                    `${doubled} ORDER BY message_id LIMIT ${EXAMPLES}`,
                    { params }
                  )
            return {
              events: Number(counts?.events),
              doubled: Number(counts?.doubled),
              examples: examples.map((row) => row.message_id)
            }
          },
          Effect.catchTag("ClickHouseError", unavailable("reconciliation"))
        )
      })
    })
  )
}

interface Reason {
  readonly reason: string
  readonly events: bigint
}

const byReason = (rows: ReadonlyArray<Reason>): ReadonlyMap<string, number> =>
  new Map(rows.map(({ events, reason }) => [reason, Number(events)]))
