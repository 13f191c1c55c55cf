import { Health } from "@analytics/api-common/Health"
import { serve } from "@analytics/api-common/Serve"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { IngestConfig } from "@analytics/config/IngestConfig"
import { KeySyncConfig } from "@analytics/config/KeySyncConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as Postgres from "@analytics/database/Postgres"
import * as Observability from "@analytics/observability/Observability"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { makeApp } from "./App.ts"
import { Inbox } from "./inbox/Inbox.ts"
import { InboxPartitions } from "./inbox/InboxPartitions.ts"
import { InboxRepo } from "./inbox/InboxRepo.ts"
import { ShardMap } from "./inbox/ShardMap.ts"
import { StoredWatch } from "./inbox/StoredWatch.ts"
import { KeyFeed } from "./keys/KeyFeed.ts"
import { KeyFile } from "./keys/KeyFile.ts"
import { KeyRing } from "./keys/KeyRing.ts"
import { Receiver } from "./receive/Receiver.ts"
import { Watermark } from "./watermark/Watermark.ts"
import { WatermarkRepo } from "./watermark/WatermarkRepo.ts"

const HealthLive = Layer.unwrap(
  Effect.map(SqlClient.SqlClient, (sql) => Health.layer({ postgres: sql`SELECT 1` }))
)

/** Everything that belongs to receiving, on top of Postgres. */
const ReceiveLive = Receiver.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Inbox.layer, StoredWatch.layer, ShardMap.layer)),
  Layer.provideMerge(Layer.mergeAll(InboxRepo.layer, InboxPartitions.layer)),
  Layer.provideMerge(KeyRing.layer),
  Layer.provide(Layer.mergeAll(KeyFeed.layer, KeyFile.layer)),
  Layer.provide(Layer.mergeAll(KeySyncConfig.layer, IngestConfig.layer))
)

const WatermarkLive = Watermark.layer.pipe(
  Layer.provide(WatermarkRepo.layer),
  Layer.provideMerge(AccessConfig.layer)
)

/** The whole service as one layer. Tests swap the adapters and keep the rules. */
const AppLive = Layer.mergeAll(ReceiveLive, WatermarkLive, HealthLive).pipe(
  Layer.provideMerge(Postgres.layer),
  Layer.provide(PostgresConfig.layer),
  Layer.provideMerge(HttpConfig.layerOnPort(4001)),
  Layer.provideMerge(Observability.layer("data-ingestion"))
)

NodeRuntime.runMain(serve(AppLive, makeApp))
