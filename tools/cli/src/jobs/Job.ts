import { Schema } from "effect"

const Text = Schema.NullOr(Schema.String)

/** What this tool shows of a job, as batch-processor answers it. */
export const Job = Schema.Struct({
  id: Schema.String,
  projectId: Schema.NullOr(Schema.Int),
  type: Schema.String,
  payload: Schema.Unknown,
  state: Schema.String,
  run: Schema.Int,
  attempts: Schema.Int,
  step: Text,
  progress: Schema.NullOr(
    Schema.Struct({
      done: Schema.Finite,
      total: Schema.NullOr(Schema.Finite),
      unit: Schema.String,
      counts: Schema.Record(Schema.String, Schema.Finite),
      etaSeconds: Schema.NullOr(Schema.Finite)
    })
  ),
  result: Schema.Unknown,
  error: Schema.NullOr(Schema.Struct({ title: Schema.String, detail: Schema.String })),
  traceId: Text,
  owner: Text,
  createdBy: Schema.String,
  scheduleId: Text,
  createdAt: Schema.String,
  startedAt: Text,
  finishedAt: Text
})
export type Job = typeof Job.Type

const ended = new Set(["succeeded", "failed", "cancelled", "parked"])
export const hasEnded = ({ state }: Job): boolean => ended.has(state)
