import { serve, teardown } from "@analytics/api-common/Serve"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { BatchConfig } from "@analytics/config/BatchConfig"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Installation } from "@analytics/database/Installation"
import * as Postgres from "@analytics/database/Postgres"
import * as Observability from "@analytics/observability/Observability"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Layer } from "effect"
import { makeApp } from "./App.ts"
import { BatchLive } from "./BatchLive.ts"
import { JobTypes } from "./jobs/JobTypes.ts"
import { jobTypes } from "./types/jobTypes.ts"

/** A Postgres that was never prepared is no place for jobs. */
export const StoresLive = Installation.layerOfPostgres.pipe(
  Layer.provideMerge(Postgres.layer),
  Layer.provideMerge(PostgresConfig.layer)
)

/** All but the types of jobs. Tests add types of their own. */
export const AppLive = BatchLive.pipe(
  Layer.provide(StoresLive),
  Layer.provide(
    Layer.mergeAll(BatchConfig.layer, AccessConfig.layer, ServicesConfig.layer)
  ),
  Layer.provideMerge(HttpConfig.layerOnPort(4004)),
  Layer.provideMerge(Observability.layer("batch-processor"))
)

/** The types with what they need. */
const TypesLive = JobTypes.layer(jobTypes).pipe(Layer.provide(StoresLive))

if (import.meta.main) {
  const live = AppLive.pipe(Layer.provideMerge(TypesLive))
  NodeRuntime.runMain(serve(live, makeApp), { teardown })
}
