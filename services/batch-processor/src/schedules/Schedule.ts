import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { JobId, JobState } from "../jobs/Job.ts"
import { MAX_COUNTED, MissedRuns } from "./dueRuns.ts"

export const ScheduleId = Schema.String.check(Schema.isUUID())
export type ScheduleId = typeof ScheduleId.Type

const Name = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(200),
  Schema.makeFilter((text: string) =>
    text.includes("\0") ? "Expected no NUL" : undefined
  )
)
const CronText = Schema.String.annotate({
  description:
    "Minute, hour, day of month, month, day of week. One that names hours runs once for each time the wall clock shows; with `*` as its hour it runs in passing time."
})
const TimeZoneName = Schema.String.annotate({
  description: "IANA time zone in which the cron expression is read"
})
const Missed = MissedRuns.annotate({
  description:
    "What becomes of runs that could not start at their time, because nothing was there to start them or the job before was not finished: `skip` leaves them out, `once` makes one of them as soon as it can, `catch-up` makes them one after the other, at most the newest 100"
})
const Payload = Schema.Unknown.annotate({
  description: "As the type of job takes it: `GET /v1/job-types`"
})

/** What `POST /v1/schedules` takes. */
export const NewSchedule = Schema.Struct({
  name: Name,
  type: Schema.String,
  payload: Payload,
  projectId: Schema.optionalKey(Schema.Int).annotate({
    description: "Whose jobs they are; only with the admin key"
  }),
  cron: CronText,
  timezone: Schema.optionalKey(TimeZoneName),
  missed: Schema.optionalKey(Missed)
}).annotate({
  examples: [
    {
      name: "Every night",
      type: "noop",
      payload: {},
      cron: "30 2 * * *",
      timezone: "Europe/Berlin",
      missed: "once"
    }
  ]
})
export type NewSchedule = typeof NewSchedule.Type

/** What `PATCH` may change. Other work is another schedule. */
export const ScheduleChange = Schema.Struct({
  name: Schema.optionalKey(Name),
  payload: Schema.optionalKey(Payload),
  cron: Schema.optionalKey(CronText),
  timezone: Schema.optionalKey(TimeZoneName),
  missed: Schema.optionalKey(Missed)
}).annotate({ examples: [{ cron: "0 4 * * 1-5" }] })
export type ScheduleChange = typeof ScheduleChange.Type

export const SkipReason = Schema.Literals(["overlap", "missed", "merged"]).annotate({
  description:
    "`overlap`: the job before was not finished; `missed`: nothing was there to start them in time; `merged`: a later run stands for them"
})

const Instant = Schema.DateFromString

/** A schedule as it is answered. */
export const ScheduleAnswer = Schema.Struct({
  id: ScheduleId,
  projectId: Schema.NullOr(Schema.Int).annotate({
    description: "null: of the whole installation"
  }),
  name: Schema.String,
  type: Schema.String,
  payload: Payload,
  cron: CronText,
  timezone: TimeZoneName,
  missed: Missed,
  pausedAt: Schema.NullOr(Instant),
  nextRuns: Schema.Array(
    Schema.Struct({
      at: Instant,
      local: Schema.String.annotate({
        description: "What the wall clock shows then, with its offset"
      })
    })
  ).annotate({ description: "The next five; none while it is paused" }),
  dueSince: Schema.NullOr(Instant).annotate({
    description: "A run was due then and starts once the job before it is finished"
  }),
  lastJob: Schema.NullOr(
    Schema.Struct({
      id: JobId,
      state: JobState,
      scheduledFor: Schema.NullOr(Instant).annotate({
        description: "null: somebody ran it"
      }),
      createdAt: Instant,
      finishedAt: Schema.NullOr(Instant)
    })
  ),
  skippedRuns: Schema.Int.annotate({
    description: "Runs that were left out since it was made"
  }),
  lastSkipped: Schema.NullOr(
    Schema.Struct({
      from: Instant,
      to: Instant,
      runs: Schema.Int.annotate({ description: `${MAX_COUNTED}: as many or more` }),
      reason: SkipReason,
      at: Instant
    })
  ),
  createdBy: Schema.String,
  createdAt: Instant,
  updatedAt: Instant
})
export type ScheduleAnswer = typeof ScheduleAnswer.Type

/** Not a schedule that this key can see. */
export class ScheduleNotFound extends HttpApiError.Problem<ScheduleNotFound>()(
  "ScheduleNotFound",
  {
    type: "urn:analytics:problem:schedule-not-found",
    status: 404,
    title: "There is no such schedule"
  },
  { scheduleId: ScheduleId }
) {}

/** The schedule, or the project, cannot take what was asked. */
export class ScheduleConflict extends HttpApiError.Problem<ScheduleConflict>()(
  "ScheduleConflict",
  {
    type: "urn:analytics:problem:schedule-conflict",
    status: 409,
    title: "The schedule cannot do this now"
  }
) {}
