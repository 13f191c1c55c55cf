import { afterAll, expect } from "bun:test"
import { rmSync } from "node:fs"
import { MlConfig } from "@analytics/config/MlConfig"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect, Layer, Logger, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { DesiredModels } from "../../src/registry/DesiredModels.ts"
import { ModelRepo } from "../../src/registry/ModelRepo.ts"
import { PlacementRepo } from "../../src/registry/PlacementRepo.ts"
import { DesiredLive } from "../../src/registry/RegistryLive.ts"
import { VersionRepo } from "../../src/registry/VersionRepo.ts"
import { admitted } from "./admitted.ts"
import { folders, mlConfig } from "./RegistryTest.ts"

const places = folders()
afterAll(() => rmSync(places.root, { recursive: true }))

const { effect } = withLayer(
  Layer.mergeAll(
    DesiredLive,
    ModelRepo.layer,
    PlacementRepo.layer,
    VersionRepo.layer
  ).pipe(
    Layer.provide(MlConfig.layerOf(mlConfig(places.cache))),
    Layer.provide(FolderObjectStore.layerOf(places.objects)),
    Layer.provideMerge(TestPostgres.client),
    Layer.provideMerge(Logger.layer([]))
  )
)
const actor = { projectId: 1, actor: "me" }

/** Waits until the process serves exactly these, without asking it to look. */
const served = Effect.fnUntraced(function* (expected: ReadonlyArray<string>) {
  const { changes } = yield* DesiredModels
  const seen = changes.pipe(
    Stream.map((state) =>
      [...state.values()].flatMap(({ aliases, name, versions }) =>
        [...versions.keys()].map(
          (version) =>
            `${name}:${version}${aliases.champion === version ? " champion" : ""}`
        )
      )
    ),
    Stream.filter((it) => it.join() === expected.join()),
    Stream.runHead
  )
  yield* Effect.timeout(seen, "30 seconds")
})

effect("what others change is followed, also after connections were lost", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const repo = yield* PlacementRepo
    yield* (yield* ModelRepo).insert(actor, { name: "m" })
    const { insert } = yield* VersionRepo
    for (const id of [1, 2]) yield* insert(actor, "m", admitted({ bytes: id }))
    const of = (version: number) => ({ model: "m", version })
    yield* repo.setAlias(actor, of(1), "champion", null, "alias.set")
    yield* served(["m:1 champion"])
    expect(yield* repo.warm(1, of(2), 9)).toBe("placed")
    yield* served(["m:1 champion", "m:2"])

    yield* sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`
    yield* repo.setAlias(actor, of(2), "champion", 1, "alias.set").pipe(
      // The pool may hand out a connection that was just ended.
      Effect.retry({ times: 20 })
    )
    yield* repo.cool(1, of(2)).pipe(Effect.retry({ times: 20 }))
    yield* served(["m:2 champion"])
    yield* (yield* ModelRepo).remove(actor, "m")
    yield* served([])
  })
)
