import type { ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import type { ModelAccess } from "../access/ModelAccess.ts"
import type { PredictionLog } from "../predictionLog/PredictionLog.ts"
import type { Serving } from "../serving/Serving.ts"
import { inferDocumentation } from "./documentation.ts"
import { infer } from "./infer.ts"
import { protocolRuntime } from "./ProtocolRuntime.ts"
import { type RequestBodies, smallBody } from "./RequestBodies.ts"

type Needs = ModelAccess | PredictionLog | RequestBodies | Serving

/** What everything else is for: tensors in, tensors out. */
export const inferRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | Needs, ER>
) => {
  const { respond } = protocolRuntime(runtime)
  return new Elysia({ prefix: "/v2/models", tags: ["open inference protocol"] })
    .post(
      "/:model/infer",
      async ({ params: { model }, request }) =>
        respond(
          request,
          "/v2/models/:model/infer",
          infer(request, await smallBody(request), model, undefined)
        ),
      {
        parse: "none",
        detail: inferDocumentation(
          "Infer; the traffic of the model decides which version answers"
        )
      }
    )
    .post(
      "/:model/versions/:version/infer",
      async ({ params: { model, version }, request }) =>
        respond(
          request,
          "/v2/models/:model/versions/:version/infer",
          infer(request, await smallBody(request), model, version)
        ),
      { parse: "none", detail: inferDocumentation("Infer with one version") }
    )
}
