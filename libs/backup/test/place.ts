import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ClickHouse } from "@analytics/database/ClickHouse"
import * as ClickHouseStore from "@analytics/migrate/ClickHouseStore"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer } from "effect"

/** Two migrated stores, apart from any other two. */
export const place = Layer.fresh(
  Layer.effectDiscard(
    // Test databases are migrated without a record.
    Effect.flatMap(ClickHouse, (client) => ClickHouseStore.make(client).prepare)
  ).pipe(Layer.provideMerge(Layer.mergeAll(TestPostgres.client, TestClickHouse.client)))
)

export const objects = Layer.unwrap(
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-backup-"))),
      (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
    ),
    FolderObjectStore.layerOf
  )
)
