import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { Auth } from "../../access/Auth.ts"
import { ControlUnavailable } from "../../ControlUnavailable.ts"
import { QueriesUnavailable } from "../../query/QueryProblems.ts"
import { CohortId, CohortNotFound } from "../Cohort.ts"
import { CohortRefreshes, CohortRefreshFailed, Refreshed } from "./CohortRefreshes.ts"

const ProjectNumber = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
)

const Question = Schema.Struct({
  projectId: ProjectNumber,
  cohortId: CohortId,
  refreshId: Schema.String.check(Schema.isUUID()).annotate({
    description: "The same again is answered the same"
  })
})

const Target = Schema.Struct({
  projectId: Schema.FiniteFromString.check(
    Schema.isInt(),
    Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 })
  )
})

const CohortIds = Schema.Struct({ cohortIds: Schema.Array(CohortId) })

/** `/internal/v1/cohorts`: what the job that refreshes cohorts asks. */
export const refreshRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Auth | CohortRefreshes, ER>
) =>
  new Elysia({ prefix: "/internal/v1/cohorts", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .post(
      "/refresh",
      ({ body, headers, run }) =>
        run(
          Refreshed,
          Effect.gen(function* () {
            yield* (yield* Auth).service(headers["authorization"])
            return yield* (yield* CohortRefreshes).refresh({
              projectId: body.projectId,
              cohortId: body.cohortId.toLowerCase(),
              refreshId: body.refreshId.toLowerCase()
            })
          })
        ),
      {
        body: received(Question),
        response: {
          200: sent(Refreshed),
          401: sent(Unauthorized),
          404: sent(CohortNotFound),
          409: sent(CohortRefreshFailed),
          503: sent(Schema.Union([QueriesUnavailable, ControlUnavailable]))
        },
        detail: {
          summary: "Materialise a cohort (service key)",
          description:
            "Waits 25 seconds at most; while the answer is `running`, ask again with the same refreshId.",
          security: [{ key: [] }]
        }
      }
    )
    .get(
      "",
      ({ headers, query, run }) =>
        run(
          CohortIds,
          Effect.gen(function* () {
            yield* (yield* Auth).service(headers["authorization"])
            const cohorts = yield* CohortRefreshes
            return { cohortIds: yield* cohorts.cohorts(query.projectId) }
          })
        ),
      {
        query: received(Target),
        response: {
          200: sent(CohortIds),
          401: sent(Unauthorized),
          503: sent(ControlUnavailable)
        },
        detail: {
          summary: "The cohorts of a project, oldest first (service key)",
          security: [{ key: [] }]
        }
      }
    )
