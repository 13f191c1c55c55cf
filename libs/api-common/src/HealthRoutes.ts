import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import { effectPlugin } from "./EffectPlugin.ts"
import { Health, NotReady } from "./Health.ts"
import * as Prometheus from "./Prometheus.ts"
import { sent } from "./WireSchema.ts"

const Ok = Schema.Struct({ status: Schema.Literal("ok") })

/**
 * `/livez` (the process runs), `/readyz` (its dependencies answer and it is not
 * draining), `/metrics` (Prometheus).
 */
export const healthRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Health, ER>
) =>
  new Elysia({ tags: ["operations"] })
    .use(effectPlugin(runtime))
    .get("/livez", () => ({ status: "ok" as const }), {
      response: { 200: sent(Ok) },
      detail: { summary: "Whether the process runs" }
    })
    .get(
      "/readyz",
      ({ run }) =>
        run(
          Ok,
          Health.use((health) => Effect.as(health.ready, { status: "ok" as const }))
        ),
      {
        response: { 200: sent(Ok), 503: sent(NotReady) },
        detail: { summary: "Whether it should get requests" }
      }
    )
    .get(
      "/metrics",
      async ({ set }) => {
        set.headers["content-type"] = Prometheus.contentType
        return runtime.runPromise(Prometheus.text)
      },
      { detail: { summary: "Metrics in Prometheus' text format" } }
    )
