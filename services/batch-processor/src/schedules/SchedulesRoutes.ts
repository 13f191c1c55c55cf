import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { JobsUnavailable } from "../JobsUnavailable.ts"
import { JobInvalid } from "../jobs/JobProblems.ts"
import {
  NewSchedule,
  ScheduleAnswer,
  ScheduleChange,
  ScheduleConflict,
  ScheduleId,
  ScheduleNotFound
} from "./Schedule.ts"
import { Schedules } from "./Schedules.ts"

const Params = Schema.Struct({ scheduleId: ScheduleId })

const Page = Schema.Struct({
  cursor: Schema.optionalKey(ScheduleId).annotate({
    description: "nextCursor of the page before"
  }),
  limit: Schema.optionalKey(
    Schema.FiniteFromString.check(
      Schema.isInt(),
      Schema.isBetween({ minimum: 1, maximum: 1000 })
    )
  )
})

const ScheduleList = Schema.Struct({
  schedules: Schema.Array(ScheduleAnswer),
  nextCursor: Schema.NullOr(Schema.String)
})

const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  503: sent(Schema.Union([JobsUnavailable, KeysUnavailable]))
}
const security = [{ key: [] }]

const readable = ["jobs", "query"] as const
const writable = ["jobs"] as const

const description =
  "Makes a job of `type` whenever the cron expression says so, one at a time. Where clocks are changed, one that names hours runs once for each time the wall clock shows: right after a skipped hour, the first time in a repeated one. One with `*` as its hour runs in passing time. Without `timezone` it is UTC, without `missed` it is `once`."

/** `/v1/schedules`: jobs that come again. */
export const schedulesRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Schedules, ER>
) =>
  new Elysia({ prefix: "/v1/schedules", tags: ["schedules"] })
    .use(effectPlugin(runtime))
    .post(
      "",
      ({ body, headers, run }) =>
        run(
          ScheduleAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(
              headers["authorization"],
              writable
            )
            return yield* (yield* Schedules).create(access, body)
          }),
          201
        ),
      {
        body: received(NewSchedule),
        response: {
          201: sent(ScheduleAnswer),
          409: sent(ScheduleConflict),
          422: sent(JobInvalid),
          ...refusals
        },
        detail: { summary: "Create a schedule", description, security }
      }
    )
    .get(
      "",
      ({ headers, query, run }) =>
        run(
          ScheduleList,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(
              headers["authorization"],
              readable
            )
            const { cursor: after, limit = 100 } = query
            return yield* (yield* Schedules).list(access, { after, limit })
          })
        ),
      {
        query: received(Page),
        response: { 200: sent(ScheduleList), ...refusals },
        detail: { summary: "List the schedules, oldest first", security }
      }
    )
    .get(
      "/:scheduleId",
      ({ headers, params, run }) =>
        run(
          ScheduleAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(
              headers["authorization"],
              readable
            )
            return yield* (yield* Schedules).get(access, params.scheduleId)
          })
        ),
      {
        params: received(Params),
        response: {
          200: sent(ScheduleAnswer),
          404: sent(ScheduleNotFound),
          ...refusals
        },
        detail: { summary: "Read a schedule, and when it runs next", security }
      }
    )
    .patch(
      "/:scheduleId",
      ({ body, headers, params, run }) =>
        run(
          ScheduleAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(
              headers["authorization"],
              writable
            )
            return yield* (yield* Schedules).change(access, params.scheduleId, body)
          })
        ),
      {
        params: received(Params),
        body: received(ScheduleChange),
        response: {
          200: sent(ScheduleAnswer),
          404: sent(ScheduleNotFound),
          422: sent(JobInvalid),
          ...refusals
        },
        detail: {
          summary: "Change a schedule",
          description:
            "With another cron expression or time zone it goes on from now. A job that is under way is not changed.",
          security
        }
      }
    )
    .delete(
      "/:scheduleId",
      ({ headers, params, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(
              headers["authorization"],
              writable
            )
            yield* (yield* Schedules).remove(access, params.scheduleId)
          }),
          204
        ),
      {
        params: received(Params),
        response: { 204: sent(Schema.Void), 404: sent(ScheduleNotFound), ...refusals },
        detail: {
          summary: "Delete a schedule",
          description: "Its jobs stay, also one that is under way.",
          security
        }
      }
    )
    .post(
      "/:scheduleId/pause",
      ({ headers, params, run }) =>
        run(
          ScheduleAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(
              headers["authorization"],
              writable
            )
            return yield* (yield* Schedules).pause(access, params.scheduleId)
          })
        ),
      {
        params: received(Params),
        response: {
          200: sent(ScheduleAnswer),
          404: sent(ScheduleNotFound),
          ...refusals
        },
        detail: { summary: "Pause a schedule", security }
      }
    )
    .post(
      "/:scheduleId/resume",
      ({ headers, params, run }) =>
        run(
          ScheduleAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(
              headers["authorization"],
              writable
            )
            return yield* (yield* Schedules).resume(access, params.scheduleId)
          })
        ),
      {
        params: received(Params),
        response: {
          200: sent(ScheduleAnswer),
          404: sent(ScheduleNotFound),
          ...refusals
        },
        detail: {
          summary: "Resume a schedule",
          description:
            "It goes on with the next run from now; those of the pause are not made up for.",
          security
        }
      }
    )
    .post(
      "/:scheduleId/run",
      ({ headers, params, run }) =>
        run(
          ScheduleAnswer,
          Effect.gen(function* () {
            const auth = yield* Auth
            const access = yield* auth.adminOrProject(
              headers["authorization"],
              writable
            )
            return yield* (yield* Schedules).runNow(access, params.scheduleId)
          }),
          202
        ),
      {
        params: received(Params),
        response: {
          202: sent(ScheduleAnswer),
          404: sent(ScheduleNotFound),
          409: sent(ScheduleConflict),
          422: sent(JobInvalid),
          ...refusals
        },
        detail: {
          summary: "Run it now",
          description:
            "A job beside the timetable, also while the schedule is paused; `lastJob` is that job. 409 while its last job is not finished.",
          security
        }
      }
    )
