import type { Health } from "@analytics/api-common/Health"
import type { ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import type { ModelAccess } from "../access/ModelAccess.ts"
import type { PredictionLog } from "../predictionLog/PredictionLog.ts"
import type { Placement } from "../registry/Placement.ts"
import type { Serving } from "../serving/Serving.ts"
import { inferRoutes } from "./InferRoutes.ts"
import { modelRoutes } from "./ModelRoutes.ts"
import { repositoryRoutes } from "./RepositoryRoutes.ts"
import type { RequestBodies } from "./RequestBodies.ts"
import { serverRoutes } from "./ServerRoutes.ts"

export type ProtocolServices =
  | Health
  | ModelAccess
  | Placement
  | PredictionLog
  | RequestBodies
  | Serving

/**
 * Everything under `/v2`. To be used before plugins with hooks of their own for every
 * request, which an inference would pay for.
 */
export const protocolRoutes = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R | ProtocolServices, ER>
) =>
  new Elysia()
    .use(inferRoutes(runtime))
    .use(modelRoutes(runtime))
    .use(repositoryRoutes(runtime))
    .use(serverRoutes(runtime))
