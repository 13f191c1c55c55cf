import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { received, sent } from "@analytics/api-common/WireSchema"
import type { AccessConfig } from "@analytics/config/AccessConfig"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { requireService } from "../keys/requireService.ts"
import { StoreUnavailable } from "../StoreUnavailable.ts"
import { Reconciled, Reconciliation } from "./Reconciliation.ts"

const Asked = Schema.Struct({
  projectId: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 }))
})

const Projects = Schema.Struct({ projectIds: Schema.Array(Schema.Int) })

const security = [{ key: [] }]

/** `/internal/v1/reconcile`, for services that know `SERVICE_KEY`. */
export const reconcileRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Reconciliation | AccessConfig, ER>
) =>
  new Elysia({ prefix: "/internal/v1/reconcile", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .use(jsonBody())
    .post(
      "",
      ({ body, headers: { authorization }, request, run, server }) =>
        run(
          Reconciled,
          Effect.gen(function* () {
            yield* requireService(authorization)
            // Its statements have limits of their own, above that of a silent connection.
            server?.timeout(request, 0)
            return yield* (yield* Reconciliation).of(body.projectId)
          })
        ),
      {
        body: received(Asked),
        response: {
          200: sent(Reconciled),
          401: sent(Unauthorized),
          503: sent(StoreUnavailable)
        },
        detail: {
          summary: "Recompute a project's accounting from what is stored (service key)",
          security
        }
      }
    )
    .get(
      "/projects",
      ({ headers: { authorization }, run }) =>
        run(
          Projects,
          Effect.gen(function* () {
            yield* requireService(authorization)
            return { projectIds: yield* (yield* Reconciliation).projects }
          })
        ),
      {
        response: {
          200: sent(Projects),
          401: sent(Unauthorized),
          503: sent(StoreUnavailable)
        },
        detail: {
          summary: "Projects that ever had an event acknowledged (service key)",
          security
        }
      }
    )
