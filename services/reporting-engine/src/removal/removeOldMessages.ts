import { ReportConfig } from "@analytics/config/ReportConfig"
import { within } from "@analytics/database/PostgresRetry"
import { Clock, Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Rows of one statement, which holds nobody up for long. */
const BATCH = 500

/** The smallest UUIDv7 of an instant: such ids are in the order in which they were made. */
const firstIdOf = (ms: number): string => {
  const hex = Math.max(0, ms).toString(16).padStart(12, "0")
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

/**
 * Removes what was said, to whom, and the times of subscriptions, when they are older than
 * the runs of reports are kept. What is still to be sent stays.
 */
export const removeOldMessages = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const { retention } = yield* ReportConfig
  const end = firstIdOf((yield* Clock.currentTimeMillis) - Duration.toMillis(retention))
  const messages = sql`
    DELETE FROM reports.messages WHERE id IN (
      SELECT m.id FROM reports.messages AS m
       WHERE m.id < ${end}::uuid AND NOT EXISTS (
             SELECT FROM reports.deliveries AS d
              WHERE d.message_id = m.id AND d.state IN ('pending', 'sending'))
       ORDER BY m.id LIMIT ${BATCH}::int)
    RETURNING 1`
  const runs = sql`
    DELETE FROM reports.subscription_runs WHERE id IN (
      SELECT id FROM reports.subscription_runs
       WHERE id < ${end}::uuid AND state <> 'waiting' AND revisions_left = 0
       ORDER BY id LIMIT ${BATCH}::int)
    RETURNING 1`
  for (const statement of [messages, runs])
    yield* within("30 seconds")(statement).pipe(
      Effect.repeat({ while: (removed) => removed.length === BATCH })
    )
}).pipe(Effect.withSpan("Removal.removeOldMessages"))
