import { RenderFormat } from "@analytics/reports/RenderFormat"
import { Schema } from "effect"

export const RunId = Schema.String.check(Schema.isUUID())

/** A file of a run. */
export const RunFile = Schema.Struct({
  format: RenderFormat,
  name: Schema.String,
  mediaType: Schema.String,
  bytes: Schema.Int,
  sha256: Schema.String
})
export type RunFile = typeof RunFile.Type

export const RunState = Schema.Literals(["running", "succeeded", "failed"])

const Instant = Schema.DateFromString
const orNull = Schema.NullOr

/** One making of a report. */
export const Run = Schema.Struct({
  id: RunId,
  projectId: Schema.Int,
  reportId: orNull(Schema.String),
  reportVersion: orNull(Schema.Int),
  name: Schema.String,
  parameters: Schema.Record(Schema.String, Schema.Unknown),
  formats: Schema.Array(RenderFormat),
  reason: Schema.String,
  state: RunState,
  error: orNull(Schema.String),
  asOf: orNull(Instant).annotate({
    description: "The watermark that every section is of"
  }),
  from: orNull(Instant),
  to: orNull(Instant),
  documentSha256: orNull(Schema.String).annotate({
    description: "Two runs that say the same have the same"
  }),
  failedSections: Schema.Int,
  files: Schema.Array(RunFile),
  createdBy: Schema.String,
  createdAt: Instant,
  finishedAt: orNull(Instant)
})
export type Run = typeof Run.Type
