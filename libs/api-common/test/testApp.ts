import { Effect, Layer, Logger, ManagedRuntime, Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { Elysia } from "elysia"
import { Unauthorized } from "../src/AuthProblems.ts"
import { effectPlugin } from "../src/EffectPlugin.ts"
import { Health } from "../src/Health.ts"
import { healthRoutes } from "../src/HealthRoutes.ts"
import { jsonBody } from "../src/JsonBody.ts"
import { methodNotAllowed } from "../src/MethodNotAllowed.ts"
import { openApi } from "../src/OpenApi.ts"
import { received, sent } from "../src/WireSchema.ts"

export class TooMany extends HttpApiError.Problem<TooMany>()(
  "TooMany",
  { type: "urn:analytics:problem:too-many", status: 429, title: "Too many requests" },
  { retryAfter: Schema.Finite }
) {}

const Cart = Schema.Struct({
  name: Schema.String.check(Schema.isMinLength(1)),
  "a/b~c": Schema.optionalKey(Schema.Finite),
  items: Schema.optionalKey(Schema.Array(Schema.Struct({ price: Schema.Finite })))
})

const Kept = Schema.Struct({ name: Schema.String })

/** One route for each way in which a request can end. */
export const makeTestApp = (runtime: ManagedRuntime.ManagedRuntime<Health, never>) =>
  new Elysia()
    .use(methodNotAllowed)
    .use(openApi({ title: "carts", version: "1", description: "For tests" }))
    .use(healthRoutes(runtime))
    .use(jsonBody(1000))
    .use(effectPlugin(runtime))
    .post(
      "/carts",
      ({ body, run }) => run(Kept, Effect.succeed({ name: body.name }), 201),
      { body: received(Cart), response: { 201: sent(Kept) } }
    )
    .get("/fails/:how", ({ params, run }) =>
      run(
        Kept,
        Effect.gen(function* () {
          if (params.how === "unauthorized") return yield* new Unauthorized({})
          if (params.how === "too-many") return yield* new TooMany({ retryAfter: 1.2 })
          return yield* Effect.die("boom")
        })
      )
    )

export const testRuntime = (
  checks: Record<string, Effect.Effect<unknown, unknown>> = {}
) => ManagedRuntime.make(Layer.mergeAll(Health.layer(checks), Logger.layer([])))
