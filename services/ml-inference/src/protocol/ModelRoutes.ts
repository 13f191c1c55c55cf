import {
  ModelMetadata,
  ModelReady,
  Statistics
} from "@analytics/inference-protocol/ProtocolMessages"
import type { ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import type { ModelAccess } from "../access/ModelAccess.ts"
import type { Serving } from "../serving/Serving.ts"
import { documentation } from "./documentation.ts"
import { metadataOf, readinessOf, statisticsOf } from "./models.ts"
import { protocolRuntime } from "./ProtocolRuntime.ts"

/** What there is to know of models. */
export const modelRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | ModelAccess | Serving, ER>
) => {
  const { answer } = protocolRuntime(runtime)
  return new Elysia({ prefix: "/v2/models", tags: ["open inference protocol"] })
    .get(
      "/stats",
      ({ request }) =>
        answer(request, "/v2/models/stats", Statistics, statisticsOf(request)),
      { detail: documentation("Statistics of every loaded version", Statistics) }
    )
    .get(
      "/:model",
      ({ params: { model }, request }) =>
        answer(request, "/v2/models/:model", ModelMetadata, metadataOf(request, model)),
      { detail: documentation("Inputs and outputs of a model", ModelMetadata) }
    )
    .get(
      "/:model/versions/:version",
      ({ params: { model, version }, request }) =>
        answer(
          request,
          "/v2/models/:model/versions/:version",
          ModelMetadata,
          metadataOf(request, model, version)
        ),
      { detail: documentation("Inputs and outputs of a version", ModelMetadata) }
    )
    .get(
      "/:model/ready",
      ({ params: { model }, request }) =>
        answer(
          request,
          "/v2/models/:model/ready",
          ModelReady,
          readinessOf(request, model)
        ),
      { detail: documentation("Whether a model can answer; 503 if not", ModelReady) }
    )
    .get(
      "/:model/versions/:version/ready",
      ({ params: { model, version }, request }) =>
        answer(
          request,
          "/v2/models/:model/versions/:version/ready",
          ModelReady,
          readinessOf(request, model, version)
        ),
      { detail: documentation("Whether a version can answer; 503 if not", ModelReady) }
    )
    .get(
      "/:model/stats",
      ({ params: { model }, request }) =>
        answer(
          request,
          "/v2/models/:model/stats",
          Statistics,
          statisticsOf(request, model)
        ),
      { detail: documentation("Statistics of a model's versions", Statistics) }
    )
    .get(
      "/:model/versions/:version/stats",
      ({ params: { model, version }, request }) =>
        answer(
          request,
          "/v2/models/:model/versions/:version/stats",
          Statistics,
          statisticsOf(request, model, version)
        ),
      { detail: documentation("Statistics of a version", Statistics) }
    )
}
