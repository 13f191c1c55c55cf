import { Schema, SchemaTransformation } from "effect"
import { JobError, JobId, JobLogLine, JobProgress, JobState } from "./Job.ts"

/** The driver delivers `bigint` columns as bigints; these fit a number. */
export const Whole = Schema.BigInt.pipe(
  Schema.decodeTo(
    Schema.Int,
    SchemaTransformation.transform({ decode: Number, encode: BigInt })
  )
)
export const Instant = Schema.DateTimeUtcFromDate

/** A row of `jobs.jobs` as the driver delivers it. */
export const JobRow = Schema.Struct({
  id: JobId,
  projectId: Schema.NullOr(Whole),
  type: Schema.String,
  payload: Schema.Unknown,
  state: JobState,
  run: Schema.Int,
  attempts: Schema.Int,
  step: Schema.NullOr(Schema.String),
  progress: Schema.NullOr(JobProgress),
  result: Schema.Unknown,
  error: Schema.NullOr(JobError),
  traceId: Schema.NullOr(Schema.String),
  owner: Schema.NullOr(Schema.String),
  heartbeatAt: Schema.NullOr(Instant),
  createdBy: Schema.String,
  scheduleId: Schema.NullOr(Schema.String),
  scheduledFor: Schema.NullOr(Instant),
  createdAt: Instant,
  startedAt: Schema.NullOr(Instant),
  finishedAt: Schema.NullOr(Instant),
  cancelRequestedAt: Schema.NullOr(Instant)
})

export const jobColumns = `id, project_id, type, payload, state, run, attempts, step, progress,
  result, error, trace_id, owner, heartbeat_at, created_by, schedule_id, scheduled_for,
  created_at, started_at, finished_at, cancel_requested_at`

export const LogRow = Schema.Struct({
  ...JobLogLine.fields,
  id: Whole,
  at: Instant
})
