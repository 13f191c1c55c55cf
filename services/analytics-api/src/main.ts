import { Health } from "@analytics/api-common/Health"
import { serve, teardown } from "@analytics/api-common/Serve"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import * as Postgres from "@analytics/database/Postgres"
import * as Observability from "@analytics/observability/Observability"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { makeApp } from "./App.ts"
import { ControlLive } from "./ControlLive.ts"
import { CatalogueLive } from "./catalogue/CatalogueLive.ts"
import { CohortsLive } from "./cohorts/CohortsLive.ts"
import { InsightsLive } from "./insights/InsightsLive.ts"
import { PeopleLive } from "./people/PeopleLive.ts"
import * as DeletedProjects from "./projects/DeletedProjects.ts"
import { QueriesLive } from "./query/QueriesLive.ts"

const HealthLive = Layer.unwrap(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const clickhouse = yield* ClickHouse
    return Health.layer({
      postgres: sql`SELECT 1`,
      clickhouse: clickhouse.query("SELECT 1")
    })
  })
)

/** The stores, which must belong to the same installation before anything is served. */
const StoresLive = Installation.layer.pipe(
  Layer.provideMerge(Layer.merge(Postgres.layer, ClickHouse.layer)),
  Layer.provide(Layer.merge(PostgresConfig.layer, ClickHouseConfig.layer))
)

/** The whole service as one layer. Tests swap the adapters and keep the rules. */
export const AppLive = Layer.mergeAll(
  ControlLive,
  // The same one: a layer is built once.
  Layer.merge(PeopleLive, InsightsLive).pipe(
    Layer.provideMerge(QueriesLive),
    Layer.provide(ControlLive)
  ),
  CohortsLive,
  CatalogueLive,
  DeletedProjects.layer,
  HealthLive
).pipe(
  Layer.provide(StoresLive),
  Layer.provide(AccessConfig.layer),
  Layer.provideMerge(HttpConfig.layerOnPort(4000)),
  Layer.provideMerge(Observability.layer("analytics-api"))
)

if (import.meta.main) {
  NodeRuntime.runMain(serve(AppLive, makeApp), { teardown })
}
