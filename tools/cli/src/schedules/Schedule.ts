import { Schema } from "effect"

const Text = Schema.NullOr(Schema.String)

/** What this tool shows of a schedule, as batch-processor answers it. */
export const Schedule = Schema.Struct({
  id: Schema.String,
  projectId: Schema.NullOr(Schema.Int),
  name: Schema.String,
  type: Schema.String,
  payload: Schema.Unknown,
  cron: Schema.String,
  timezone: Schema.String,
  missed: Schema.String,
  pausedAt: Text,
  nextRuns: Schema.Array(Schema.Struct({ at: Schema.String, local: Schema.String })),
  dueSince: Text,
  lastJob: Schema.NullOr(
    Schema.Struct({ id: Schema.String, state: Schema.String, createdAt: Schema.String })
  ),
  skippedRuns: Schema.Int,
  lastSkipped: Schema.NullOr(
    Schema.Struct({
      from: Schema.String,
      to: Schema.String,
      runs: Schema.Int,
      reason: Schema.String
    })
  )
})
export type Schedule = typeof Schedule.Type
