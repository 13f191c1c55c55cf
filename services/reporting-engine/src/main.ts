import { Auth } from "@analytics/api-common/access/Auth"
import { KeyLookup } from "@analytics/api-common/access/KeyLookup"
import { Health } from "@analytics/api-common/Health"
import { serve, teardown } from "@analytics/api-common/Serve"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { ReportConfig } from "@analytics/config/ReportConfig"
import { ServicesConfig } from "@analytics/config/ServicesConfig"
import { Installation } from "@analytics/database/Installation"
import * as Postgres from "@analytics/database/Postgres"
import * as ConfiguredObjectStore from "@analytics/object-store/ConfiguredObjectStore"
import * as Observability from "@analytics/observability/Observability"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { makeApp } from "./App.ts"
import * as AlertsLive from "./alerts/AlertsLive.ts"
import { Analytics } from "./analytics/Analytics.ts"
import { SharedLinks } from "./analytics/SharedLinks.ts"
import { DeliveryLive } from "./delivery/DeliveryLive.ts"
import { Secrets } from "./destinations/Secrets.ts"
import { ReportsLive } from "./ReportsLive.ts"
import * as SpawnedRenderer from "./rendering/SpawnedRenderer.ts"
import { SubscriptionsLive } from "./subscriptions/SubscriptionsLive.ts"

/** A Postgres that was never prepared is no place for reports. */
export const StoresLive = Installation.layerOfPostgres.pipe(
  Layer.provideMerge(Postgres.layer),
  Layer.provide(PostgresConfig.layer),
  Layer.provideMerge(ConfiguredObjectStore.layer),
  Layer.provide(ObjectStoreConfig.layer)
)

const AccessLive = Auth.layer.pipe(Layer.provide(KeyLookup.layer))

const HealthLive = Layer.unwrap(
  Effect.map(SqlClient.SqlClient, (sql) => Health.layer({ postgres: sql`SELECT 1` }))
)

/** The whole service as one layer. Tests swap the adapters and keep the rules. */
export const AppLive = Layer.mergeAll(
  AccessLive,
  AlertsLive.layer,
  HealthLive,
  SubscriptionsLive.pipe(Layer.provideMerge(Layer.merge(DeliveryLive, ReportsLive))),
  Secrets.layer,
  SharedLinks.layer
).pipe(
  Layer.provideMerge(Layer.merge(Analytics.layer, SpawnedRenderer.layer)),
  Layer.provide(StoresLive),
  Layer.provide(Layer.merge(AccessConfig.layer, ServicesConfig.layer)),
  Layer.provideMerge(ReportConfig.layer),
  Layer.provideMerge(HttpConfig.layerOnPort(4003)),
  Layer.provideMerge(Observability.layer("reporting-engine"))
)

if (import.meta.main) {
  NodeRuntime.runMain(serve(AppLive, makeApp), { teardown })
}
