import { within } from "@analytics/database/PostgresRetry"
import { exposed } from "@analytics/observability/exposed"
import { Effect, Layer, Metric, Schedule } from "effect"
import { SqlClient } from "effect/sql"

const waiting = exposed(
  Metric.gauge("report_deliveries_waiting", {
    description: "Messages that are due and not delivered"
  })
)
const oldest = exposed(
  Metric.gauge("report_deliveries_waiting_oldest_seconds", {
    description: "How long the message that waits longest has been due"
  })
)

const BETWEEN = "10 seconds"

/** Counts what the outbox holds, now and then. */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const look = sql<{ messages: number; seconds: number }>`
      SELECT count(*)::int AS messages,
             coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0)::float8
               AS seconds
        FROM reports.deliveries
       WHERE state IN ('pending', 'sending') AND due_at <= clock_timestamp()`.pipe(
      within("5 seconds"),
      Effect.flatMap(([row]) =>
        Effect.andThen(
          Metric.update(waiting, row?.messages ?? 0),
          Metric.update(oldest, row?.seconds ?? 0)
        )
      ),
      // A store that is away shows in what is asked of it.
      Effect.ignore
    )
    yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced(BETWEEN)))
  })
)
