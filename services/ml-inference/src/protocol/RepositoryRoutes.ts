import { RepositoryIndex } from "@analytics/inference-protocol/ProtocolMessages"
import { Effect, type ManagedRuntime, Schema } from "effect"
import { Elysia } from "elysia"
import type { ModelAccess } from "../access/ModelAccess.ts"
import { Placement } from "../registry/Placement.ts"
import { Serving } from "../serving/Serving.ts"
import { accessOf } from "./accessOf.ts"
import { repositoryDocumentation } from "./documentation.ts"
import { protocolRuntime } from "./ProtocolRuntime.ts"
import type { RequestBodies } from "./RequestBodies.ts"
import { IndexRequest, LoadRequest, readJson } from "./repositoryRequests.ts"

type Needs = ModelAccess | Placement | RequestBodies | Serving

/** The body of an answer that says no more than its status. */
const Done = Schema.Struct({})

/** The model repository extension: which versions there are, and which are ready. */
export const repositoryRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Needs, ER>
) => {
  const { answer } = protocolRuntime(runtime)
  return new Elysia({ prefix: "/v2/repository", tags: ["open inference protocol"] })
    .post(
      "/index",
      ({ request }) =>
        answer(
          request,
          "/v2/repository/index",
          RepositoryIndex,
          Effect.gen(function* () {
            const { projectId } = yield* accessOf(request, "predict")
            const { ready = false } = yield* readJson(request, IndexRequest)
            const entries = yield* (yield* Serving).index(projectId)
            return entries.filter(({ state }) => !ready || state === "READY")
          })
        ),
      {
        parse: "none",
        detail: repositoryDocumentation(
          "Versions that are to be ready here",
          RepositoryIndex,
          {
            ready: true
          }
        )
      }
    )
    .post(
      "/models/:model/load",
      ({ params: { model }, request }) =>
        answer(
          request,
          "/v2/repository/models/:model/load",
          Done,
          Effect.gen(function* () {
            const actor = yield* accessOf(request, "models")
            const { parameters } = yield* readJson(request, LoadRequest)
            yield* (yield* Placement).load(actor, model, parameters?.version)
            return {}
          })
        ),
      {
        parse: "none",
        detail: repositoryDocumentation(
          "Make a version ready that no alias names; the newest one without a version",
          Done,
          { parameters: { version: "2" } }
        )
      }
    )
    .post(
      "/models/:model/unload",
      ({ params: { model }, request }) =>
        answer(
          request,
          "/v2/repository/models/:model/unload",
          Done,
          Effect.gen(function* () {
            const actor = yield* accessOf(request, "models")
            const { parameters } = yield* readJson(request, LoadRequest)
            yield* (yield* Placement).unload(actor, model, parameters?.version)
            return {}
          })
        ),
      {
        parse: "none",
        detail: repositoryDocumentation(
          "End that; what an alias names stays ready. All versions without a version",
          Done,
          { parameters: { version: "2" } }
        )
      }
    )
}
