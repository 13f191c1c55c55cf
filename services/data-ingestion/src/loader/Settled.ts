import type { SqlClient } from "effect/sql"
import type { Dropped, Outcome, Quarantined } from "./Batch.ts"
import { storable } from "./storable.ts"
import { OTHERS, type ViolationCount } from "./ViolationCounts.ts"

/** What became of the events of a batch. */
export interface Settled {
  readonly outcomes: ReadonlyArray<Outcome>
  readonly quarantined: ReadonlyArray<Quarantined>
  readonly dropped: ReadonlyArray<Dropped>
  readonly violations: ReadonlyArray<ViolationCount>
}

/** Kinds of violations that are listed of a project, besides the row of all others. */
export const MOST_VIOLATIONS = 999

/** Receipts of dropped events. */
export const keepDropped = (
  sql: SqlClient.SqlClient,
  batchId: bigint,
  dropped: ReadonlyArray<Dropped>
) => sql`
  INSERT INTO ingest.dropped
    (project_id, message_id, reason, timestamp, received_at, batch_id)
  SELECT project_id, message_id, reason, to_timestamp(timestamp / 1000.0),
         to_timestamp(received_at / 1000.0), ${batchId}
    FROM unnest(
      ${dropped.map(({ projectId }) => BigInt(projectId))}::bigint[],
      ${dropped.map(({ messageId }) => storable(messageId))}::text[],
      ${dropped.map(({ reason }) => reason)}::text[],
      ${dropped.map(({ timestamp }) => BigInt(timestamp))}::bigint[],
      ${dropped.map(({ receivedAt }) => BigInt(receivedAt))}::bigint[])
    AS d (project_id, message_id, reason, timestamp, received_at)`

/**
 * Adds counts to the kinds that are listed; new kinds are listed while there is room, and
 * counted together after that. Rows in the order of the key, as all who lock them do.
 */
export const countViolations = (
  sql: SqlClient.SqlClient,
  violations: ReadonlyArray<ViolationCount>
) => sql`
  WITH counted AS (
    SELECT * FROM unnest(
      ${violations.map(({ projectId }) => BigInt(projectId))}::bigint[],
      ${violations.map(({ event }) => storable(event))}::text[],
      ${violations.map(({ property }) => storable(property))}::text[],
      ${violations.map(({ problem }) => problem)}::text[],
      ${violations.map(({ events }) => BigInt(events))}::bigint[],
      ${violations.map(({ lastMessage }) => storable(lastMessage))}::text[])
      AS c (project_id, event, property, problem, events, last_message)
  ), ranked AS (
    SELECT c.*, v.project_id IS NOT NULL AS listed,
           row_number() OVER (
             PARTITION BY c.project_id, v.project_id IS NOT NULL
             ORDER BY c.events DESC, c.event, c.property, c.problem) AS rank
      FROM counted AS c
      LEFT JOIN ingest.schema_violations AS v USING (project_id, event, property, problem)
  ), placed AS (
    SELECT project_id, events, last_message,
           listed OR rank + (
             SELECT count(*) FROM ingest.schema_violations AS l
              WHERE l.project_id = ranked.project_id) <= ${MOST_VIOLATIONS} AS fits,
           event, property, problem
      FROM ranked
  )
  INSERT INTO ingest.schema_violations AS v
    (project_id, event, property, problem, events, last_message)
  SELECT project_id, CASE WHEN fits THEN event ELSE '' END AS event,
         CASE WHEN fits THEN property ELSE '' END AS property,
         CASE WHEN fits THEN problem ELSE ${OTHERS} END AS problem,
         sum(events)::bigint, max(last_message)
    FROM placed
   GROUP BY 1, 2, 3, 4
   ORDER BY 1, 2, 3, 4
      ON CONFLICT (project_id, event, property, problem)
      DO UPDATE SET events = v.events + excluded.events,
                    last_message = excluded.last_message,
                    last_seen_at = now()`
