import { Schema, SchemaTransformation } from "effect"
import { JobState } from "../jobs/Job.ts"
import { MissedRuns } from "./dueRuns.ts"
import { SkipReason } from "./Schedule.ts"

/** The driver delivers `bigint` columns as bigints; ids and counts fit a number. */
const BigintColumn = Schema.BigInt.pipe(
  Schema.decodeTo(
    Schema.Int,
    SchemaTransformation.transform({ decode: Number, encode: BigInt })
  )
)

/** A row of `jobs.schedules` with the newest of its jobs. */
export const ScheduleRow = Schema.Struct({
  id: Schema.String,
  projectId: Schema.NullOr(BigintColumn),
  name: Schema.String,
  type: Schema.String,
  payload: Schema.Unknown,
  cron: Schema.String,
  timezone: Schema.String,
  missed: MissedRuns,
  pausedAt: Schema.NullOr(Schema.Date),
  nextAt: Schema.NullOr(Schema.Date),
  skippedRuns: BigintColumn,
  lastSkipped: Schema.NullOr(
    Schema.Struct({
      from: Schema.Int,
      to: Schema.Int,
      runs: Schema.Int,
      reason: SkipReason,
      at: Schema.Int
    })
  ),
  lastJob: Schema.NullOr(
    Schema.Struct({
      id: Schema.String,
      state: JobState,
      scheduledFor: Schema.NullOr(Schema.DateFromString),
      createdAt: Schema.DateFromString,
      finishedAt: Schema.NullOr(Schema.DateFromString)
    })
  ),
  createdBy: Schema.String,
  createdAt: Schema.Date,
  updatedAt: Schema.Date
})
export type ScheduleRow = typeof ScheduleRow.Type
