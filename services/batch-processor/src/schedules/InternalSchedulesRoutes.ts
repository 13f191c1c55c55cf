import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Auth } from "@analytics/api-common/access/Auth"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { ProjectMissing } from "@analytics/api-common/access/ProjectMissing"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { JobsUnavailable } from "../JobsUnavailable.ts"
import { JobInvalid } from "../jobs/JobProblems.ts"
import {
  NewSchedule,
  ScheduleAnswer,
  ScheduleConflict,
  ScheduleId
} from "./Schedule.ts"
import { Schedules } from "./Schedules.ts"

const Params = Schema.Struct({ scheduleId: ScheduleId })
const OfProject = Schema.Struct({
  projectId: Schema.FiniteFromString.check(
    Schema.isInt(),
    Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
  )
})
const refusals = {
  401: sent(Unauthorized),
  403: sent(Forbidden),
  503: sent(Schema.Union([JobsUnavailable, KeysUnavailable]))
}
const security = [{ key: [] }]

/** The key of the services, or the admin's; no project's. */
const ofService = Effect.fnUntraced(function* (header: string | undefined, id: number) {
  const auth = yield* Auth
  const { actor, projectId } = yield* auth.ofProject(header, ["jobs"], id)
  if (actor === "service" || actor === "admin") return projectId
  return yield* new Forbidden({ detail: "Only services of the installation ask here." })
})

/** `/internal/v1/schedules`: those that another service keeps here, by ids of its own. */
export const internalSchedulesRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | Schedules, ER>
) =>
  new Elysia({ prefix: "/internal/v1/schedules", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .put(
      "/:scheduleId",
      ({ body, headers, params, query, run }) =>
        run(
          ScheduleAnswer,
          Effect.gen(function* () {
            const projectId = yield* ofService(
              headers["authorization"],
              query.projectId
            )
            const schedules = yield* Schedules
            return yield* schedules.put(projectId, params.scheduleId, body, "service")
          })
        ),
      {
        params: received(Params),
        query: received(OfProject),
        body: received(NewSchedule),
        response: {
          200: sent(ScheduleAnswer),
          409: sent(ScheduleConflict),
          422: sent(Schema.Union([JobInvalid, ProjectMissing])),
          ...refusals
        },
        detail: {
          summary: "Make or change a schedule of another service",
          description:
            "Under the id that the service gives it; the same again changes nothing. Its next run stays unless its times are others.",
          security
        }
      }
    )
    .delete(
      "/:scheduleId",
      ({ headers, params, query, run }) =>
        run(
          Schema.Void,
          Effect.gen(function* () {
            const projectId = yield* ofService(
              headers["authorization"],
              query.projectId
            )
            yield* (yield* Schedules)
              .remove({ projectId, actor: "service" }, params.scheduleId)
              .pipe(Effect.catchTag("ScheduleNotFound", () => Effect.void))
          }),
          204
        ),
      {
        params: received(Params),
        query: received(OfProject),
        response: {
          204: sent(Schema.Void),
          422: sent(ProjectMissing),
          ...refusals
        },
        detail: { summary: "Remove one, if there is one", security }
      }
    )
