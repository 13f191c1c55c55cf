import { Auth } from "@analytics/api-common/access/Auth"
import { DeletedProjects } from "@analytics/api-common/access/DeletedProjects"
import { KeyLookup } from "@analytics/api-common/access/KeyLookup"
import { Health, NotYet } from "@analytics/api-common/Health"
import { serve, teardown } from "@analytics/api-common/Serve"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { MlConfig } from "@analytics/config/MlConfig"
import { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { PredictionLogConfig } from "@analytics/config/PredictionLogConfig"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Installation } from "@analytics/database/Installation"
import * as Postgres from "@analytics/database/Postgres"
import * as ConfiguredObjectStore from "@analytics/object-store/ConfiguredObjectStore"
import * as Observability from "@analytics/observability/Observability"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer } from "effect"
import { makeApp } from "./App.ts"
import { ModelAccess } from "./access/ModelAccess.ts"
import * as SpawnedExecutors from "./execution/SpawnedExecutors.ts"
import { Forecaster } from "./forecast/Forecaster.ts"
import { PredictionLog } from "./predictionLog/PredictionLog.ts"
import { RequestBodies } from "./protocol/RequestBodies.ts"
import { DesiredModels } from "./registry/DesiredModels.ts"
import { DesiredLive, RegistryLive } from "./registry/RegistryLive.ts"
import * as LiveServing from "./serving/LiveServing.ts"
import { Serving } from "./serving/Serving.ts"

/** A Postgres that was never prepared is no place for models. */
export const StoresLive = Installation.layerOfPostgres.pipe(
  Layer.provideMerge(Postgres.layer),
  Layer.provide(PostgresConfig.layer),
  Layer.provideMerge(ConfiguredObjectStore.layer),
  Layer.provide(ObjectStoreConfig.layer)
)

const AccessLive = ModelAccess.layer.pipe(
  Layer.provide(Auth.layer),
  Layer.provide(KeyLookup.layer)
)

/**
 * What is ready goes on answering without Postgres; until it has said for the first time
 * what that is, nothing is. Nor before its models were tried: in a rolling replacement the
 * process that has them ready ends then.
 */
const HealthLive = Layer.unwrap(
  Effect.gen(function* () {
    const { current } = yield* DesiredModels
    const { begun } = yield* Serving
    return Health.layer({
      registry: current,
      models: Effect.mapError(
        begun,
        ({ versions }) =>
          new NotYet({ detail: `${versions ?? "The"} models are still being loaded.` })
      )
    })
  })
)

/** The whole service as one layer. Tests swap the adapters and keep the rules. */
export const AppLive = Layer.mergeAll(
  AccessLive,
  Forecaster.layer,
  HealthLive,
  PredictionLog.layer.pipe(Layer.provide(PredictionLogConfig.layer)),
  RegistryLive,
  RequestBodies.layer
).pipe(
  Layer.provideMerge(LiveServing.layer),
  Layer.provide(DesiredLive),
  Layer.provide(Layer.merge(SpawnedExecutors.layer, DeletedProjects.layer)),
  Layer.provide(StoresLive),
  Layer.provide(
    Layer.mergeAll(AccessConfig.layer, ServicesConfig.layer, MlConfig.layer)
  ),
  Layer.provideMerge(HttpConfig.layerOnPort(4002)),
  Layer.provideMerge(Observability.layer("ml-inference"))
)

if (import.meta.main) {
  NodeRuntime.runMain(serve(AppLive, makeApp), { teardown })
}
