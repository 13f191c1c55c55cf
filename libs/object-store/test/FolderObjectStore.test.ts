import { describe, expect, it } from "bun:test"
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ObjectStoreConfig } from "@analytics/config/ObjectStoreConfig"
import { ConfigProvider, Effect, Layer, Stream } from "effect"
import * as ConfiguredObjectStore from "../src/ConfiguredObjectStore.ts"
import * as FolderObjectStore from "../src/FolderObjectStore.ts"
import { ObjectStore } from "../src/ObjectStore.ts"
import { objectStoreContract } from "./objectStoreContract.ts"

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-objects-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

objectStoreContract(
  "FolderObjectStore",
  Layer.unwrap(Effect.map(folder, FolderObjectStore.layerOf)),
  { large: 3_000_000, ordered: true }
)

const run = <A, E>(effect: Effect.Effect<A, E, ObjectStore>, path: string) =>
  Effect.runPromiseExit(
    effect.pipe(
      Effect.provide(
        ConfiguredObjectStore.layer.pipe(Layer.provide(ObjectStoreConfig.layer))
      ),
      Effect.provideService(
        ConfigProvider.ConfigProvider,
        ConfigProvider.fromEnvRecord({ OBJECT_STORE_URL: path })
      )
    )
  )

describe("a folder by configuration", () => {
  it("leaves nothing unfinished, and removes what a process that died left", () =>
    Effect.gen(function* () {
      const path = yield* folder
      const unfinished = join(path, ".unfinished")
      const write = Effect.flatMap(ObjectStore, (store) =>
        store.put("a/b", Stream.make(Buffer.from("x")))
      )
      yield* Effect.promise(() => run(write, `file://${path}`))
      expect(yield* Effect.promise(() => readdir(unfinished))).toEqual([])
      yield* Effect.promise(async () => {
        await writeFile(join(unfinished, "old"), "x")
        await writeFile(join(unfinished, "new"), "x")
        const longAgo = new Date(Date.now() - 25 * 60 * 60 * 1000)
        await utimes(join(unfinished, "old"), longAgo, longAgo)
        await run(write, path)
      })
      expect(yield* Effect.promise(() => readdir(unfinished))).toEqual(["new"])
      expect(yield* Effect.promise(() => readdir(path))).toEqual([".unfinished", "a"])
    }).pipe(Effect.scoped, Effect.runPromise))

  it("says why a folder cannot be used", () =>
    Effect.gen(function* () {
      const path = yield* folder
      yield* Effect.promise(() => writeFile(join(path, "file"), ""))
      const exit = yield* Effect.promise(() => run(ObjectStore, join(path, "file")))
      const error = yield* Effect.flip(exit)
      expect(error.message).toMatch(/^object store: open : ENOTDIR.*file/u)
    }).pipe(Effect.scoped, Effect.runPromise))
})
