import { Health } from "@analytics/api-common/Health"
import { serve, teardown } from "@analytics/api-common/Serve"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { IngestConfig } from "@analytics/config/IngestConfig"
import { KafkaConfig } from "@analytics/config/KafkaConfig"
import { KeySyncConfig } from "@analytics/config/KeySyncConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import {
  disagreement,
  Installation,
  type InstallationMismatch
} from "@analytics/database/Installation"
import * as Postgres from "@analytics/database/Postgres"
import * as Observability from "@analytics/observability/Observability"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Deferred, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { makeApp } from "./App.ts"
import { ingestionLive, ingestionOverKafka } from "./IngestionLive.ts"
import { KeyFeed } from "./keys/KeyFeed.ts"
import { KeyFile } from "./keys/KeyFile.ts"
import { KeyRing } from "./keys/KeyRing.ts"
import * as KafkaTopic from "./log/KafkaTopic.ts"
import { LogTopic } from "./log/LogTopic.ts"

/** What nothing can be acknowledged without; ClickHouse may be away for a while. */
const HealthLive = Layer.unwrap(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { log } = yield* KafkaConfig
    const topic = yield* Effect.serviceOption(LogTopic)
    return log === "kafka" && Option.isSome(topic)
      ? Health.layer({ kafka: topic.value.extents })
      : Health.layer({ postgres: sql`SELECT 1` })
  })
)

/** Over the log that was chosen; a topic that is left may still hold something. */
const IngestionLive = Layer.unwrap(
  Effect.map(KafkaConfig, ({ brokers, log }) =>
    brokers.length === 0
      ? Layer.merge(ingestionLive, HealthLive)
      : Layer.merge(
          log === "kafka" ? ingestionOverKafka : ingestionLive,
          HealthLive
        ).pipe(Layer.provide(KafkaTopic.layer))
  )
)

const KeysLive = KeyRing.layer.pipe(
  Layer.provide(Layer.mergeAll(KeyFeed.layer, KeyFile.layer)),
  Layer.provide(KeySyncConfig.layer)
)

const mismatch = Deferred.makeUnsafe<never, InstallationMismatch>()

/** Events are acknowledged while ClickHouse is away; another one ends the process. */
const SameInstallation = Layer.effectDiscard(
  disagreement.pipe(
    Effect.catchTag("InstallationMismatch", (error) => Deferred.fail(mismatch, error)),
    Effect.forkScoped
  )
)

const StoresLive = SameInstallation.pipe(
  Layer.provideMerge(Installation.layerOfPostgres),
  Layer.provideMerge(Layer.mergeAll(Postgres.layer, ClickHouse.layer)),
  Layer.provide(Layer.mergeAll(PostgresConfig.layer, ClickHouseConfig.layer))
)

/** The whole service as one layer. Tests swap the adapters and keep the rules. */
const AppLive = IngestionLive.pipe(
  Layer.provideMerge(KeysLive),
  Layer.provideMerge(StoresLive),
  Layer.provide(Layer.merge(IngestConfig.layer, KafkaConfig.layer)),
  Layer.provideMerge(AccessConfig.layer),
  Layer.provideMerge(HttpConfig.layerOnPort(4001)),
  Layer.provideMerge(Observability.layer("data-ingestion"))
)

if (import.meta.main) {
  NodeRuntime.runMain(
    Effect.raceFirst(serve(AppLive, makeApp), Deferred.await(mismatch)),
    { teardown }
  )
}
