import { Schema } from "effect"

export const JobId = Schema.String.check(Schema.isUUID())
export type JobId = typeof JobId.Type

export const JobState = Schema.Literals([
  "queued",
  "running",
  "cancelling",
  "succeeded",
  "failed",
  "cancelled",
  "parked"
]).annotate({
  description:
    "`parked`: it could not go on and waits for somebody to retry it. `cancelling` ends as `cancelled`."
})
export type JobState = typeof JobState.Type

const ended: ReadonlySet<JobState> = new Set([
  "succeeded",
  "failed",
  "cancelled",
  "parked"
])
export const hasEnded = (state: JobState): boolean => ended.has(state)

const Instant = Schema.DateTimeUtcFromString
const Count = Schema.Finite

export const JobProgress = Schema.Struct({
  done: Count,
  total: Schema.NullOr(Count).annotate({ description: "null while nobody knows" }),
  unit: Schema.String,
  counts: Schema.Record(Schema.String, Count),
  ratio: Schema.NullOr(Count).annotate({ description: "0 to 1" }),
  etaSeconds: Schema.NullOr(Count).annotate({
    description: "Seconds to go, as fast as it went so far"
  })
})
export type JobProgress = typeof JobProgress.Type

/** Why a job did not succeed, in plain words. */
export const JobError = Schema.Struct({ title: Schema.String, detail: Schema.String })
export type JobError = typeof JobError.Type

/** A job as it is shown. */
export const JobView = Schema.Struct({
  id: JobId,
  projectId: Schema.NullOr(Schema.Int),
  type: Schema.String,
  payload: Schema.Unknown,
  state: JobState,
  run: Schema.Int.annotate({ description: "One more for each retry" }),
  attempts: Schema.Int.annotate({
    description: "Beginnings of its step since it last got further"
  }),
  step: Schema.NullOr(Schema.String),
  progress: Schema.NullOr(JobProgress),
  result: Schema.Unknown,
  error: Schema.NullOr(JobError),
  traceId: Schema.NullOr(Schema.String),
  owner: Schema.NullOr(Schema.String).annotate({
    description: "The runner that has it"
  }),
  heartbeatAt: Schema.NullOr(Instant),
  createdBy: Schema.String,
  scheduleId: Schema.NullOr(Schema.String),
  scheduledFor: Schema.NullOr(Instant),
  createdAt: Instant,
  startedAt: Schema.NullOr(Instant),
  finishedAt: Schema.NullOr(Instant),
  cancelRequestedAt: Schema.NullOr(Instant)
})
export type JobView = typeof JobView.Type

/** A line of a job's log. */
export const JobLogLine = Schema.Struct({
  id: Schema.Int,
  at: Instant,
  level: Schema.Literals(["info", "warning", "error"]),
  message: Schema.String,
  data: Schema.NullOr(
    Schema.Record(
      Schema.String,
      Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])
    )
  )
})
export type JobLogLine = typeof JobLogLine.Type
