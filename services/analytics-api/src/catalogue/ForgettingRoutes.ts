import { Unauthorized } from "@analytics/api-common/AuthProblems"
import { effectPlugin } from "@analytics/api-common/EffectPlugin"
import { received, sent } from "@analytics/api-common/WireSchema"
import { Effect, Schema } from "effect"
import { Elysia } from "elysia"
import type { AppRuntime } from "../App.ts"
import { Auth } from "../access/Auth.ts"
import { ControlUnavailable } from "../ControlUnavailable.ts"
import { QueriesUnavailable } from "../query/QueryProblems.ts"
import { Forgetting } from "./Forgetting.ts"

const Question = Schema.Struct({
  projectId: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4_294_967_295 }))
})

const Forgotten = Schema.Struct({
  examples: Schema.Int,
  names: Schema.Int,
  answers: Schema.Int
})

/** What the other services of the installation ask after events were removed. */
export const forgettingRoutes = (runtime: AppRuntime) =>
  new Elysia({ prefix: "/internal/v1/catalogue", tags: ["internal"] })
    .use(effectPlugin(runtime))
    .post(
      "/forget",
      ({ body, headers, run }) =>
        run(
          Forgotten,
          Effect.gen(function* () {
            yield* (yield* Auth).service(headers["authorization"])
            return yield* (yield* Forgetting).forget(body.projectId)
          })
        ),
      {
        body: received(Question),
        response: {
          200: sent(Forgotten),
          401: sent(Unauthorized),
          503: sent(Schema.Union([ControlUnavailable, QueriesUnavailable]))
        },
        detail: {
          summary: "Take example values anew, drop kept answers (service key)",
          security: [{ key: [] }]
        }
      }
    )
