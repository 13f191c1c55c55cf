import { Health } from "@analytics/api-common/Health"
import { healthRoutes } from "@analytics/api-common/HealthRoutes"
import { methodNotAllowed } from "@analytics/api-common/MethodNotAllowed"
import { serve, teardown } from "@analytics/api-common/Serve"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { KafkaConfig } from "@analytics/config/KafkaConfig"
import { LoaderConfig } from "@analytics/config/LoaderConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Installation } from "@analytics/database/Installation"
import * as Postgres from "@analytics/database/Postgres"
import * as Observability from "@analytics/observability/Observability"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Deferred, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Elysia } from "elysia"
import { InboxRepo } from "./inbox/InboxRepo.ts"
import { ShardMap } from "./inbox/ShardMap.ts"
import { undoMaintenance } from "./links/LinksLive.ts"
import { Countries } from "./loader/Countries.ts"
import * as InboxMaintenance from "./loader/InboxMaintenance.ts"
import { Loader } from "./loader/Loader.ts"
import * as LoaderPool from "./loader/LoaderPool.ts"
import { loaderLayer } from "./loader/layers.ts"
import { ShardLease } from "./loader/ShardLease.ts"
import { copying } from "./log/copying.ts"
import * as KafkaTopic from "./log/KafkaTopic.ts"
import { LogCopier } from "./log/LogCopier.ts"
import * as ProjectPurge from "./purge/ProjectPurge.ts"
import * as RemovalPass from "./removals/RemovalPass.ts"

/** An inbox row with its frame is one message of Postgres. */
const MOST_MESSAGE_BYTES = 64 * 1024 * 1024

const ended = Deferred.makeUnsafe<never, unknown>()

/** Loads a shard that is free until it is lost. */
const loadShard = (shard: number) =>
  Effect.gen(function* () {
    const loader = yield* Loader
    const lease = yield* ShardLease
    return yield* Effect.raceFirst(loader.run, lease.lost)
  }).pipe(Effect.provide(loaderLayer(shard, false)))

/** What one loader process does for all: two would only do it twice. */
const duties = Layer.launch(
  Layer.mergeAll(
    undoMaintenance,
    InboxMaintenance.layer,
    ProjectPurge.layer,
    RemovalPass.layer
  )
)

/** Its share of the shards. When its session is lost, the process ends, to start afresh. */
const loaders = Layer.effectDiscard(
  LoaderPool.run(loadShard, duties).pipe(
    Effect.onExit((exit) => Deferred.done(ended, exit)),
    Effect.forkScoped
  )
)

/** While there are brokers, each process moves on its share of what their topic holds. */
const copier = Layer.unwrap(
  Effect.map(KafkaConfig, ({ brokers }) =>
    brokers.length === 0
      ? Layer.empty
      : copying.pipe(
          Layer.provide(LogCopier.layer),
          Layer.provide(ShardMap.layer),
          Layer.provide(InboxRepo.layer),
          Layer.provide(KafkaTopic.layer)
        )
  )
)

const health = Layer.unwrap(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const clickHouse = yield* ClickHouse
    return Health.layer({ postgres: sql`SELECT 1`, clickhouse: clickHouse.ping })
  })
)

const postgres = Layer.unwrap(
  Effect.map(PostgresConfig, (config) =>
    Postgres.layerWith(config, { maxMessageSize: MOST_MESSAGE_BYTES })
  )
)

const LoaderLive = Layer.mergeAll(loaders, copier, health).pipe(
  Layer.provide(Layer.mergeAll(Installation.layer, Countries.layer)),
  Layer.provide(Layer.mergeAll(postgres, ClickHouse.layer)),
  Layer.provide(
    Layer.mergeAll(
      PostgresConfig.layer,
      ClickHouseConfig.layer,
      LoaderConfig.layer,
      KafkaConfig.layer
    )
  ),
  Layer.provideMerge(HttpConfig.layerOnPort(4011)),
  Layer.provideMerge(Observability.layer("loader"))
)

if (import.meta.main) {
  NodeRuntime.runMain(
    Effect.raceFirst(
      serve(LoaderLive, (runtime) =>
        new Elysia().use(methodNotAllowed).use(healthRoutes(runtime))
      ),
      Deferred.await(ended)
    ),
    { teardown }
  )
}
