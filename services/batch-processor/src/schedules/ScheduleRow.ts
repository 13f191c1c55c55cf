import { Schema } from "effect"
import { JobState } from "../jobs/Job.ts"
import { Whole } from "../jobs/JobRows.ts"
import { MissedRuns } from "./dueRuns.ts"
import { SkipReason } from "./Schedule.ts"

/** A row of `jobs.schedules` with the newest of its jobs. */
export const ScheduleRow = Schema.Struct({
  id: Schema.String,
  projectId: Schema.NullOr(Whole),
  name: Schema.String,
  type: Schema.String,
  payload: Schema.Unknown,
  cron: Schema.String,
  timezone: Schema.String,
  missed: MissedRuns,
  pausedAt: Schema.NullOr(Schema.Date),
  nextAt: Schema.NullOr(Schema.Date),
  skippedRuns: Whole,
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
