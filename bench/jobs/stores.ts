import { join } from "node:path"
import { BatchConfig } from "@analytics/config/BatchConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as EmbeddedPostgres from "@analytics/embedded-postgres/EmbeddedPostgres"
import { withDatabase } from "@analytics/migrate/Databases"
import { ensureTemplate } from "@analytics/testing/TestPostgres"
import { temporaryFolder } from "@analytics/testing/TestServers"
import { Duration, Effect, Layer, Option, Redacted } from "effect"

/** An empty, migrated Postgres that syncs its commits. */
export const postgres = Layer.effect(
  PostgresConfig,
  Effect.gen(function* () {
    const dataDir = join(yield* temporaryFolder, "postgres")
    const { url } = yield* EmbeddedPostgres.start({ dataDir })
    const database = yield* ensureTemplate(url)
    return { url: withDatabase(Redacted.make(url), database), poolSize: 10 }
  })
)

/** One runner, as `batch-processor` has it by default. */
export const runner = (runnerPort: number) =>
  BatchConfig.layerOf({
    runnerHost: "127.0.0.1",
    runnerListenHost: Option.none(),
    runnerPort,
    runnerHealth: "ping",
    k8sNamespace: Option.none(),
    k8sLabels: Option.none(),
    runnerExpiry: Duration.seconds(15),
    heartbeatInterval: Duration.seconds(5),
    memory: 1024 ** 3
  })
