import { within } from "@analytics/database/PostgresRetry"
import { Clock, Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { BatchSchedules, type ScheduleNotKept } from "./BatchSchedules.ts"
import { SubscriptionRow, subscriptionColumns } from "./SubscriptionRow.ts"

const BATCH = 20
/** Milliseconds. */
const LEASE = 60_000
const SOON = 10_000
const LATER = 10 * 60_000
/** Schedules are said again by the hour: batch-processor may have been restored. */
const AGAIN = 60 * 60_000

/**
 * Keeps batch-processor's schedules as the subscriptions are. Which version it has is
 * written down after it has it, so what a crash interrupts is said again.
 */
export class ScheduleSync extends Context.Service<
  ScheduleSync,
  {
    /** Tells what is to be told now; answers how many subscriptions that were. */
    readonly once: Effect.Effect<number, SqlError.SqlError>
  }
>()("@analytics/reporting-engine/subscriptions/ScheduleSync") {
  static readonly layer = Layer.effect(
    ScheduleSync,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const batch = yield* BatchSchedules
      const columns = sql.literal(subscriptionColumns)
      const rowsOf = Schema.decodeUnknownEffect(Schema.Array(SubscriptionRow))
      const later = (ms: number) =>
        Effect.map(Clock.currentTimeMillis, (now) => new Date(now + ms))

      const claim = Effect.gen(function* () {
        const found = yield* sql`
          WITH due AS (
            SELECT id FROM reports.subscriptions
             WHERE sync_at <= ${yield* later(0)}::timestamptz
             ORDER BY sync_at LIMIT ${BATCH}::int FOR UPDATE SKIP LOCKED)
          UPDATE reports.subscriptions AS s SET sync_at = ${yield* later(LEASE)}::timestamptz
            FROM due WHERE s.id = due.id
          RETURNING ${columns}`
        return yield* Effect.orDie(rowsOf(found))
      }).pipe(within("10 seconds"))

      const kept = Effect.fnUntraced(function* ({ id, version }: SubscriptionRow) {
        // Changed meanwhile, it stays due.
        yield* sql`
          UPDATE reports.subscriptions
             SET scheduled_version = ${version}::int, schedule_problem = NULL,
                 sync_at = ${yield* later(AGAIN)}::timestamptz
           WHERE id = ${id}::uuid AND version = ${version}::int`.pipe(
          within("5 seconds")
        )
      })
      const notKept = Effect.fnUntraced(function* (
        { id, version }: SubscriptionRow,
        { detail, isRefused }: ScheduleNotKept
      ) {
        yield* Effect.logWarning("a subscription is not scheduled").pipe(
          Effect.annotateLogs({ "subscription.id": id, detail })
        )
        yield* sql`
          UPDATE reports.subscriptions
             SET schedule_problem = ${detail.slice(0, 500)},
                 scheduled_version = least(scheduled_version, ${version - 1}::int),
                 sync_at = ${yield* later(isRefused ? LATER : SOON)}::timestamptz
           WHERE id = ${id}::uuid AND version = ${version}::int`.pipe(
          within("5 seconds")
        )
      })

      const tell = Effect.fn("ScheduleSync.tell")(function* (row: SubscriptionRow) {
        if (row.removedAt === null && row.enabled) {
          yield* batch.put(row)
          return yield* kept(row)
        }
        yield* batch.remove(row.projectId, row.id)
        if (row.removedAt === null) return yield* kept(row)
        yield* sql`DELETE FROM reports.subscriptions WHERE id = ${row.id}::uuid`.pipe(
          within("5 seconds")
        )
      })

      return ScheduleSync.of({
        once: Effect.gen(function* () {
          const rows = yield* claim
          yield* Effect.forEach(
            rows,
            (row) =>
              tell(row).pipe(
                Effect.catchTag("ScheduleNotKept", (problem) => notKept(row, problem)),
                Effect.catchCause((cause) =>
                  Effect.logError("a subscription could not be scheduled", cause).pipe(
                    Effect.annotateLogs({ "subscription.id": row.id })
                  )
                )
              ),
            { concurrency: 4, discard: true }
          )
          return rows.length
        }).pipe(Effect.withSpan("ScheduleSync.once"))
      })
    })
  )
}
