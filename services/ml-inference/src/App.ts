import type { Health } from "@analytics/api-common/Health"
import { healthRoutes } from "@analytics/api-common/HealthRoutes"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { methodNotAllowed } from "@analytics/api-common/MethodNotAllowed"
import { openApi } from "@analytics/api-common/OpenApi"
import type { ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { bodyLimit } from "./access/bodyLimit.ts"
import type { ModelAccess } from "./access/ModelAccess.ts"
import type { Forecaster } from "./forecast/Forecaster.ts"
import { forecastRoutes } from "./forecast/ForecastRoutes.ts"
import { type ProtocolServices, protocolRoutes } from "./protocol/ProtocolRoutes.ts"
import { protocolErrors } from "./protocol/protocolErrors.ts"
import { aliasesRoutes } from "./registry/AliasesRoutes.ts"
import type { Artifacts } from "./registry/Artifacts.ts"
import { artifactsRoutes } from "./registry/ArtifactsRoutes.ts"
import type { Models } from "./registry/Models.ts"
import { modelsRoutes } from "./registry/ModelsRoutes.ts"
import type { Placement } from "./registry/Placement.ts"
import type { Versions } from "./registry/Versions.ts"
import { versionsRoutes } from "./registry/VersionsRoutes.ts"

/** Everything a handler of this service may ask for. */
export type AppServices =
  | Artifacts
  | Forecaster
  | Health
  | ModelAccess
  | Models
  | Placement
  | ProtocolServices
  | Versions

export type AppRuntime = ManagedRuntime.ManagedRuntime<AppServices, unknown>

export const about = {
  title: "ml-inference",
  version: "1",
  description: "Keeps models, serves them, and forecasts series."
}

export const makeApp = (runtime: AppRuntime) =>
  // Models are large; whatever else has a body reads less of it by itself.
  new Elysia({ serve: { maxRequestBodySize: Number.MAX_SAFE_INTEGER } })
    .use(protocolErrors(runtime))
    .use(protocolRoutes(runtime))
    .use(methodNotAllowed)
    .use(openApi(about))
    .use(healthRoutes(runtime))
    .use(artifactsRoutes(runtime))
    .use(jsonBody(bodyLimit(runtime)))
    .use(modelsRoutes(runtime))
    .use(versionsRoutes(runtime))
    .use(aliasesRoutes(runtime))
    .use(forecastRoutes(runtime))

/** The client side of this API: `treaty<App>(url)`. */
export type App = ReturnType<typeof makeApp>
