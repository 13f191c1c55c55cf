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
const StoresLive = Installation.layerOfPostgres.pipe(Layer.provideMerge(Postgres.layer))

/** All but the types of jobs. Tests add types of their own. */
export const AppLive = BatchLive.pipe(
  Layer.provideMerge(StoresLive),
  Layer.provide(
    Layer.mergeAll(
      PostgresConfig.layer,
      BatchConfig.layer,
      AccessConfig.layer,
      ServicesConfig.layer
    )
  ),
  Layer.provideMerge(HttpConfig.layerOnPort(4004)),
  Layer.provideMerge(Observability.layer("batch-processor"))
)

if (import.meta.main) {
  const live = AppLive.pipe(Layer.provideMerge(JobTypes.layer(jobTypes)))
  NodeRuntime.runMain(serve(live, makeApp), { teardown })
}
