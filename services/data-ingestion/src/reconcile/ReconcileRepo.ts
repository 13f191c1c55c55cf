import { ClickHouse } from "@analytics/database/ClickHouse"
import { within } from "@analytics/database/PostgresRetry"
import { Context, Duration, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"

/** What the books of a project say; of stored events, while no batch was sealed. */
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

/** Whole projects are read, for longer and with more groups than memory may hold. */
const LONGEST = Duration.minutes(9)
const SPILLING = {
  max_bytes_before_external_group_by: "1073741824",
  max_execution_time: 0
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

      /** The row of the watermark is held: nothing is sealed meanwhile. */
      const stored = Effect.fnUntraced(function* (id: bigint) {
        yield* sql`SET LOCAL lock_timeout = '5s'`
        // The floor and not what is published, because what is open may lie below it.
        const [sealed] = yield* sql<{ floor: Date }>`
          UPDATE ingest.watermark
             SET floor = date_trunc('milliseconds', interval '999 microseconds' + greatest(
                   floor, published, clock_timestamp(),
                   (SELECT max(known_at) FROM ingest.batches)))
          RETURNING floor`
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
        return {
          sealedUpTo: sealed?.floor ?? new Date(0),
          openBatches: row?.open ?? [],
          stored: Number(row?.stored ?? 0n),
          openRemovals: Number(row?.removals ?? 0n)
        }
      })

      /** One statement, because batches end meanwhile: both move in one transaction. */
      const quarantined = (id: bigint) =>
        Effect.map(
          sql<Reason & { readonly lies: boolean }>`
            SELECT false AS lies, reason, events FROM ingest.outcomes
             WHERE project_id = ${id} AND outcome = 'quarantined' AND events <> 0
             UNION ALL
            SELECT true, reason, count(*) FROM ingest.quarantine
             WHERE project_id = ${id} AND replayed_at IS NULL GROUP BY reason`,
          (rows) => ({
            quarantined: byReason(rows.filter(({ lies }) => !lies)),
            inQuarantine: byReason(rows.filter(({ lies }) => lies))
          })
        )

      return ReconcileRepo.of({
        projects: sql<{ projectId: bigint }>`
          SELECT DISTINCT project_id FROM ingest.accepted ORDER BY project_id`.pipe(
          Effect.map((rows) => rows.map(({ projectId }) => Number(projectId))),
          within("10 seconds"),
          Effect.catchTag("SqlError", unavailable("reconciliation")),
          Effect.withSpan("ReconcileRepo.projects")
        ),

        books: Effect.fn("ReconcileRepo.books")(
          function* (projectId) {
            const id = BigInt(projectId)
            const events = yield* within("20 seconds")(sql.withTransaction(stored(id)))
            return { ...events, ...(yield* within("1 minute")(quarantined(id))) }
          },
          Effect.catchTag("SqlError", unavailable("reconciliation"))
        ),

        held: Effect.fn("ReconcileRepo.held")(
          function* (projectId, { openBatches, sealedUpTo }) {
            const params = {
              projectId,
              open: openBatches,
              until: sealedUpTo.toISOString().replace("T", " ").replace("Z", "")
            }
            const options = { params, settings: SPILLING, timeout: LONGEST }
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
              options
            )
            const examples =
              Number(counts?.doubled) === 0
                ? []
                : yield* clickhouse.query<{ message_id: string }>(
                    `${doubled} ORDER BY message_id LIMIT ${EXAMPLES}`,
                    options
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
