import { serve, teardown } from "@analytics/api-common/Serve"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { BatchConfig } from "@analytics/config/BatchConfig"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { ExportConfig } from "@analytics/config/ExportConfig"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { ImportConfig } from "@analytics/config/ImportConfig"
import { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { ReportingEngineConfig } from "@analytics/config/ReportingEngineConfig"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import * as Postgres from "@analytics/database/Postgres"
import * as ConfiguredObjectStore from "@analytics/object-store/ConfiguredObjectStore"
import * as Observability from "@analytics/observability/Observability"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { makeApp } from "./App.ts"
import { BatchLive } from "./BatchLive.ts"
import { Exports } from "./exports/Exports.ts"
import { JobTypes } from "./jobs/JobTypes.ts"
import { ExportLive } from "./types/export/ExportLive.ts"
import { ImportLive } from "./types/import/ImportLive.ts"
import { jobTypes } from "./types/jobTypes.ts"
import { ModelsClient } from "./types/models/ModelsClient.ts"
import { UploadRepo } from "./uploads/UploadRepo.ts"
import { Uploads } from "./uploads/Uploads.ts"

/** A Postgres that was never prepared is no place for jobs. */
export const StoresLive = Installation.layerOfPostgres.pipe(
  Layer.provideMerge(Postgres.layer),
  Layer.provideMerge(PostgresConfig.layer)
)

/** Files that are sent for jobs. */
const UploadsLive = Uploads.layer.pipe(
  Layer.provide(UploadRepo.layer),
  Layer.provide(ConfiguredObjectStore.layer),
  Layer.provide(Layer.merge(ObjectStoreConfig.layer, ImportConfig.layer))
)

/** Files that jobs write. */
const ExportsLive = Exports.layer.pipe(
  Layer.provide(ConfiguredObjectStore.layer),
  Layer.provide(Layer.merge(ObjectStoreConfig.layer, ExportConfig.layer))
)

/** All but the types of jobs. Tests add types of their own. */
export const AppLive = Layer.mergeAll(BatchLive, UploadsLive, ExportsLive).pipe(
  Layer.provide(StoresLive),
  Layer.provide(
    Layer.mergeAll(BatchConfig.layer, AccessConfig.layer, ServicesConfig.layer)
  ),
  Layer.provideMerge(HttpConfig.layerOnPort(4004)),
  Layer.provideMerge(Observability.layer("batch-processor"))
)

/** What the work itself needs besides Postgres; a runner starts without it. */
const WorkLive = Layer.mergeAll(
  ClickHouse.layer,
  ConfiguredObjectStore.layer,
  FetchHttpClient.layer
).pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      ClickHouseConfig.layer,
      ObjectStoreConfig.layer,
      ImportConfig.layer,
      ExportConfig.layer,
      ReportingEngineConfig.layer,
      ServicesConfig.layer
    )
  )
)

/** The types with what they need. */
const TypesLive = JobTypes.layer(jobTypes).pipe(
  Layer.provide(Layer.mergeAll(ImportLive, ExportLive, ModelsClient.layer)),
  Layer.provide(UploadsLive),
  Layer.provide(Layer.merge(StoresLive, WorkLive))
)

if (import.meta.main) {
  const live = AppLive.pipe(Layer.provideMerge(TypesLive))
  NodeRuntime.runMain(serve(live, makeApp), { teardown })
}
