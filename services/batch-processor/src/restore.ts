import { BackupRefused } from "@analytics/backup/BackupError"
import { openSession, rowsOf } from "@analytics/backup/PostgresSession"
import { readManifest } from "@analytics/backup/readManifest"
import { restore } from "@analytics/backup/restore"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import { ClickHouse } from "@analytics/database/ClickHouse"
import * as ConfiguredObjectStore from "@analytics/object-store/ConfiguredObjectStore"
import * as Observability from "@analytics/observability/Observability"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Layer } from "effect"
import { Argument, Command, Flag } from "effect/cli"

const live = Layer.mergeAll(ClickHouse.layer, ConfiguredObjectStore.layer).pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      PostgresConfig.layer,
      ClickHouseConfig.layer,
      ObjectStoreConfig.layer
    )
  ),
  Layer.provideMerge(Observability.layer("restore"))
)

/** A process that goes on writing would write into half of a restore. */
const refuseCompany = Effect.scoped(
  Effect.gen(function* () {
    const { url } = yield* PostgresConfig
    const session = yield* openSession(url)
    const others = yield* rowsOf<{ sessions: number }>(
      session,
      `SELECT count(*)::int AS sessions FROM pg_catalog.pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND (application_name LIKE 'analytics%' OR application_name LIKE 'loader%')`
    )
    if (others[0]?.sessions !== 0)
      return yield* new BackupRefused({
        detail: "Services are connected to this Postgres: stop all of them first."
      })
  })
)

/** `bun src/restore.ts NAME [--replace]`: both stores as they were, while nothing runs on them. */
export const command = Command.make(
  "restore",
  {
    name: Argument.String("name").pipe(Argument.withDescription("Of the backup")),
    replace: Flag.Boolean("replace").pipe(
      Flag.withDescription("Replace what the stores hold; else they must be empty"),
      Flag.withDefault(false)
    )
  },
  Effect.fn(function* ({ name, replace }) {
    const { url } = yield* PostgresConfig
    const manifest = yield* readManifest(name)
    yield* refuseCompany
    yield* restore(manifest, { url, replace })
    yield* Effect.logInfo("restored").pipe(
      Effect.annotateLogs({
        backup: name,
        takenAt: manifest.takenAt,
        rows: manifest.objects.reduce((sum, { rows }) => sum + rows, 0)
      })
    )
  })
).pipe(
  Command.withDescription("Bring both stores back to the moment of a backup"),
  Command.provide(live)
)

if (import.meta.main)
  Command.run(command, { version: "1" }).pipe(
    Effect.tapError((error) => Effect.logError("nothing was restored", error)),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({ disableErrorReporting: true })
  )
