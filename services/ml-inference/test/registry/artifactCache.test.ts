import { afterAll, describe, expect } from "bun:test"
import { createHash } from "node:crypto"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { MlConfig } from "@analytics/config/MlConfig"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer, Logger, Stream } from "effect"
import { ArtifactCache, written } from "../../src/registry/ArtifactCache.ts"
import { artifactKey } from "../../src/registry/storedGolden.ts"
import { folders, mlConfig } from "./RegistryTest.ts"

const places = folders()
afterAll(() => rmSync(places.root, { recursive: true }))

const HOUR = 3600
const pathOf = (sha256: string) => join(places.cache, `${sha256}.onnx`)
const shaOf = (text: string) => createHash("sha256").update(text).digest("hex")

/** A file in the folder that was used so many hours ago. */
const left = (name: string, text: string, hours: number) => {
  const path = join(places.cache, name)
  writeFileSync(path, text)
  const at = Date.now() / 1000 - hours * HOUR
  utimesSync(path, at, at)
  return path
}

/** Of the event loop. */
const turns = async (count: number) => {
  for (let n = 0; n < count; n++) await new Promise((done) => setImmediate(done))
}

mkdirSync(places.cache, { recursive: true })
const abandoned = left("abandoned.draft", "half", 3)
const another = left("another.draft", "of a process that is writing it", 0)

const { effect } = withLayer(
  ArtifactCache.layer.pipe(
    Layer.provide(MlConfig.layerOf({ ...mlConfig(places.cache), cacheSize: 10 })),
    Layer.provideMerge(FolderObjectStore.layerOf(places.objects)),
    Layer.provideMerge(Logger.layer([]))
  )
)

describe("the cache of files", () => {
  effect("leaves alone what another process is writing", () =>
    Effect.gen(function* () {
      yield* ArtifactCache
      expect([existsSync(abandoned), existsSync(another)]).toEqual([false, true])
      rmSync(another)
    })
  )

  effect("makes room for many at once", () =>
    Effect.gen(function* () {
      const cache = yield* ArtifactCache
      for (let n = 0; n < 300; n++) left(`${shaOf(`old ${n}`)}.onnx`, `old ${n}`, 1)
      const drafts = yield* Effect.forEach(
        Array.from({ length: 16 }, (_, n) => `new ${n}`),
        Effect.fnUntraced(function* (text) {
          const path = yield* cache.draft
          const content = Stream.succeed(new TextEncoder().encode(text))
          return { path, ...(yield* written(path, content)) }
        })
      )
      // One after the other, so that one counts while others remove.
      yield* Effect.forEach(
        drafts.entries(),
        ([n, { path, sha256 }]) =>
          Effect.promise(() => turns(40 * n)).pipe(
            Effect.andThen(cache.adopt(sha256, path))
          ),
        { concurrency: "unbounded" }
      )
      const adopted = drafts.map(({ sha256 }) => pathOf(sha256))
      expect(readdirSync(places.cache).length).toBe(adopted.length)
      expect(adopted.every((path) => existsSync(path))).toBe(true)
    })
  )

  effect("fetches a file again that somebody took away", () =>
    Effect.gen(function* () {
      const cache = yield* ArtifactCache
      const sha256 = shaOf("taken")
      const bytes = new TextEncoder().encode("taken")
      yield* (yield* ObjectStore).put(artifactKey(sha256), Stream.succeed(bytes))
      const path = yield* cache.file(sha256)
      rmSync(path)
      expect(yield* cache.file(sha256)).toBe(path)
      expect(existsSync(path)).toBe(true)
    })
  )

  effect("says so when it cannot write", () =>
    Effect.gen(function* () {
      const cache = yield* ArtifactCache
      const sha256 = shaOf("nowhere")
      const bytes = new TextEncoder().encode("nowhere")
      yield* (yield* ObjectStore).put(artifactKey(sha256), Stream.succeed(bytes))
      rmSync(places.cache, { recursive: true })
      expect(yield* Effect.flip(cache.file(sha256))).toMatchObject({
        _tag: "RegistryUnavailable",
        detail: "The cache of models cannot be used."
      })
      mkdirSync(places.cache)
      expect(yield* cache.file(sha256)).toBe(pathOf(sha256))
    })
  )
})
