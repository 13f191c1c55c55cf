import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Auth } from "@analytics/api-common/access/Auth"
import { DeletedProjects } from "@analytics/api-common/access/DeletedProjects"
import { KeyLookup, type PublishedKey } from "@analytics/api-common/access/KeyLookup"
import { KeysUnavailable } from "@analytics/api-common/access/KeysUnavailable"
import { hashKey } from "@analytics/api-common/BearerKey"
import { Health } from "@analytics/api-common/Health"
import { AccessConfig } from "@analytics/config/AccessConfig"
import { MlConfig } from "@analytics/config/MlConfig"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { DateTime, Duration, Effect, Layer, Logger, Option, Redacted } from "effect"
import { ModelAccess } from "../../src/access/ModelAccess.ts"
import * as SpawnedExecutors from "../../src/execution/SpawnedExecutors.ts"
import { Forecaster } from "../../src/forecast/Forecaster.ts"
import { PredictionLog } from "../../src/predictionLog/PredictionLog.ts"
import { RequestBodies } from "../../src/protocol/RequestBodies.ts"
import { DesiredLive, RegistryLive } from "../../src/registry/RegistryLive.ts"
import * as LiveServing from "../../src/serving/LiveServing.ts"

const MIB = 1024 * 1024

export const maxModelSize = 64 * 1024

/** Small, so that a test meets its limits. */
export const mlConfig = (cacheDir: string) => ({
  maxModelSize,
  maxRequestSize: MIB,
  cacheDir,
  cacheSize: 64 * MIB,
  executorMemory: 1024 * MIB,
  loadTimeout: Duration.seconds(20),
  startTimeout: Duration.seconds(20),
  runTimeout: Duration.seconds(5),
  maxLoaded: 3,
  maxInstances: 2,
  queueRows: 1000,
  admissions: 2
})

const keyOf = (
  projectId: number,
  scopes: ReadonlyArray<string>,
  more: Partial<PublishedKey> = {}
): PublishedKey => ({
  keyId: `key-of-${projectId}`,
  projectId,
  kind: "secret",
  scopes,
  expiresAt: null,
  revokedAt: null,
  projectDeletedAt: null,
  ...more
})

const keys: Readonly<Record<string, PublishedKey>> = {
  sk_1: keyOf(1, ["models", "predict"]),
  sk_2: keyOf(2, ["models"]),
  sk_3: keyOf(3, ["models"]),
  sk_reads: keyOf(1, ["predict"]),
  sk_other: keyOf(1, ["query"]),
  sk_expired: keyOf(1, ["models"], { expiresAt: DateTime.makeUnsafe(0) }),
  sk_deleted: keyOf(1, ["models"], { projectDeletedAt: DateTime.makeUnsafe(0) }),
  wk_1: keyOf(1, [], { kind: "write" })
}
const byHash = new Map(
  Object.entries(keys).map(([text, key]) => [hashKey(Redacted.make(text)), key])
)
const away = hashKey(Redacted.make("sk_away"))

export const KeysTest = Layer.succeed(KeyLookup, {
  byHash: (hash) =>
    hash === away
      ? Effect.fail(new KeysUnavailable({}))
      : Effect.succeed(Option.fromUndefinedOr(byHash.get(hash)))
})

export const AccessTest = ModelAccess.layer.pipe(
  Layer.provide(Auth.layer),
  Layer.provide(KeysTest),
  Layer.provide(
    AccessConfig.layerOf({
      adminKey: Redacted.make("admin"),
      serviceKey: Redacted.make("service")
    })
  )
)

/** Projects that a test has deleted. */
export const deletedProjects = new Set<number>()

export const folders = () => {
  const root = mkdtempSync(join(tmpdir(), "analytics-registry-"))
  return { root, objects: join(root, "objects"), cache: join(root, "cache") }
}

/** The whole service over a Postgres and a folder of its own, with real executors. */
export const registryTest = ({ cache, objects }: ReturnType<typeof folders>) =>
  Layer.mergeAll(
    RegistryLive,
    RequestBodies.layer,
    AccessTest,
    Forecaster.layer,
    Layer.succeed(PredictionLog, { offer: () => {} }),
    Health.layer({})
  ).pipe(
    Layer.provideMerge(LiveServing.layer),
    Layer.provideMerge(DesiredLive),
    Layer.provide(SpawnedExecutors.layer),
    Layer.provide(
      Layer.succeed(DeletedProjects, { ids: Effect.succeed(deletedProjects) })
    ),
    Layer.provide(MlConfig.layerOf(mlConfig(cache))),
    Layer.provideMerge(FolderObjectStore.layerOf(objects)),
    Layer.provideMerge(TestPostgres.client),
    Layer.provideMerge(Logger.layer([]))
  )
