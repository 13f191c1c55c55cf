import { DateTime, Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { currentTrace } from "../jobs/currentTrace.ts"
import type { NewJob } from "../jobs/JobRepo.ts"
import type { ScheduleRow } from "./ScheduleRow.ts"

/**
 * Jobs of schedules need no free place in the queue: a schedule has at most one of them,
 * and there are only so many schedules.
 */
export const ANY_NUMBER_WAITING = 2 ** 31 - 1

/** The job of a run, which there is once for each time; null: somebody runs it now. */
export const jobOfSchedule = (
  { createdBy, id, payload, projectId, type }: ScheduleRow,
  dueAt: number | null
): Effect.Effect<NewJob> =>
  Effect.map(currentTrace, (trace) => ({
    ...trace,
    id: Bun.randomUUIDv7(),
    projectId,
    type,
    payload,
    createdBy,
    schedule: { id, dueAt: dueAt === null ? null : DateTime.makeUnsafe(dueAt) }
  }))

/** Whether a job of the schedule is not finished. Only under the lock of its row. */
export const hasOpenJob = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  scheduleId: string
) {
  const open = yield* sql`
    SELECT 1 FROM jobs.jobs
     WHERE schedule_id = ${scheduleId}::uuid
       AND state IN ('queued', 'running', 'cancelling')
     LIMIT 1`
  return open.length > 0
})
