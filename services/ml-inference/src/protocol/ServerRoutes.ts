import { Health } from "@analytics/api-common/Health"
import {
  ServerLive,
  ServerMetadata,
  ServerReady
} from "@analytics/inference-protocol/ProtocolMessages"
import { Effect, type ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { openDocumentation } from "./documentation.ts"
import { protocolRuntime } from "./ProtocolRuntime.ts"

const server: typeof ServerMetadata.Type = {
  name: "ml-inference",
  version: "1",
  extensions: ["binary_tensor_data", "model_repository", "statistics"]
}

/** What is asked without a key: who this is, and how it is. */
export const serverRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Health, ER>
) => {
  const { answer } = protocolRuntime(runtime)
  return new Elysia({ prefix: "/v2", tags: ["open inference protocol"] })
    .get(
      "/",
      ({ request }) => answer(request, "/v2", ServerMetadata, Effect.succeed(server)),
      { detail: openDocumentation("What this server is", ServerMetadata) }
    )
    .get(
      "/health/live",
      ({ request }) =>
        answer(request, "/v2/health/live", ServerLive, Effect.succeed({ live: true })),
      { detail: openDocumentation("Whether the process runs", ServerLive) }
    )
    .get(
      "/health/ready",
      ({ request }) =>
        answer(
          request,
          "/v2/health/ready",
          ServerReady,
          Health.use((health) => Effect.as(health.ready, { ready: true }))
        ),
      {
        detail: openDocumentation(
          "Whether it should get requests; 503 if not",
          ServerReady
        )
      }
    )
}
