import { afterAll, describe, expect } from "bun:test"
import { createHash } from "node:crypto"
import { readdirSync, rmSync } from "node:fs"
import { utimes } from "node:fs/promises"
import { join } from "node:path"
import { MlConfig } from "@analytics/config/MlConfig"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import { DateTime, Effect, Layer, Logger, Queue, Stream } from "effect"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import { ArtifactCache } from "../../src/registry/ArtifactCache.ts"
import { DesiredModels, type Golden } from "../../src/registry/DesiredModels.ts"
import { DesiredRepo, type DesiredRow } from "../../src/registry/DesiredRepo.ts"
import * as PostgresDesiredModels from "../../src/registry/PostgresDesiredModels.ts"
import { RegistryNotes } from "../../src/registry/RegistryNotes.ts"
import {
  artifactKey,
  encodeGolden,
  goldenKey
} from "../../src/registry/storedGolden.ts"
import { floats } from "../support/tensors.ts"
import { admitted } from "./admitted.ts"
import { folders, mlConfig } from "./RegistryTest.ts"

const places = folders()
afterAll(() => rmSync(places.root, { recursive: true }))

/** What the registry says; undefined: it is away. */
const registry: { revision: number; rows: ReadonlyArray<DesiredRow> | undefined } = {
  revision: 1,
  rows: []
}
const told = Effect.runSync(Queue.unbounded<void>())

const away = Effect.fail(
  new SqlError({ reason: new ConnectionError({ cause: new Error("away") }) })
)
/** What it dies of when it is asked next. */
const failures: Array<string> = []
const RepoTest = Layer.succeed(DesiredRepo, {
  revision: Effect.suspend(() =>
    failures.length > 0
      ? Effect.die(failures.pop())
      : registry.rows === undefined
        ? away
        : Effect.succeed(registry.revision)
  ),
  rows: Effect.suspend(() =>
    registry.rows === undefined ? away : Effect.succeed(registry.rows)
  )
})

const { effect } = withLayer(
  PostgresDesiredModels.layer.pipe(
    Layer.provideMerge(ArtifactCache.layer),
    Layer.provide(RepoTest),
    Layer.provide(Layer.succeed(RegistryNotes, { next: Queue.take(told) })),
    Layer.provide(MlConfig.layerOf({ ...mlConfig(places.cache), cacheSize: 10 })),
    Layer.provideMerge(FolderObjectStore.layerOf(places.objects)),
    Layer.provideMerge(Logger.layer([]))
  )
)

const rowOf = (model: string, fields: Partial<DesiredRow> = {}): DesiredRow => {
  const { id, settings, sha256, signature } = admitted()
  return {
    id,
    projectId: 1,
    model,
    version: 1,
    sha256,
    signature,
    golden: null,
    settings,
    challengerPercent: 0,
    warmUntil: null,
    aliases: { champion: 1 },
    ...fields
  }
}
const set = (rows: ReadonlyArray<DesiredRow> | undefined) =>
  Effect.sync(() => {
    registry.rows = rows
    registry.revision++
  })

const put = Effect.fnUntraced(function* (key: string, bytes: Uint8Array) {
  yield* (yield* ObjectStore).put(key, Stream.succeed(bytes))
})

describe("what is to be ready", () => {
  effect("follows the registry when it is told, and stays while that is away", () =>
    Effect.gen(function* () {
      const models = yield* DesiredModels
      yield* set([rowOf("a"), rowOf("a", { version: 2 }), rowOf("b")])
      yield* Queue.offer(told, undefined)
      const state = yield* models.changes.pipe(
        Stream.filter((it) => it.size > 0),
        Stream.runHead,
        Effect.map((head) => (head._tag === "Some" ? head.value : undefined))
      )
      expect([...(state?.keys() ?? [])]).toEqual(["1/a", "1/b"])
      expect([...(state?.get("1/a")?.versions.keys() ?? [])]).toEqual([1, 2])

      yield* set(undefined)
      expect(yield* Effect.flip(models.refresh)).toMatchObject({
        _tag: "RegistryUnavailable"
      })
      expect((yield* models.current).size).toBe(2)
      yield* set([rowOf("b")])
      yield* models.refresh
      expect([...(yield* models.current).keys()]).toEqual(["1/b"])
    })
  )

  effect("has the golden rows to the bit, and not without those it had", () =>
    Effect.gen(function* () {
      const models = yield* DesiredModels
      const golden: Golden = {
        inputs: [floats("x", [[0.1, Number.NaN]])],
        outputs: [floats("y", [[-0, Number.POSITIVE_INFINITY]])],
        tolerance: 1e-5
      }
      const good = crypto.randomUUID()
      yield* put(goldenKey(good), yield* encodeGolden(golden))
      yield* set([
        rowOf("good", { id: good, golden: goldenKey(good) }),
        rowOf("lost", { golden: goldenKey(crypto.randomUUID()) })
      ])
      yield* models.refresh
      const state = yield* models.current
      expect([...state.keys()]).toEqual(["1/good"])
      expect(state.get("1/good")?.versions.get(1)?.golden).toEqual(golden)
    })
  )
})

describe("what is to be ready for a while", () => {
  effect("ends by itself, although nothing is changed", () =>
    Effect.gen(function* () {
      const models = yield* DesiredModels
      const over = yield* DateTime.now
      yield* set([rowOf("warm", { aliases: {}, warmUntil: over }), rowOf("stays")])
      yield* models.refresh
      expect([...(yield* models.current).keys()]).toEqual(["1/warm", "1/stays"])
      registry.rows = [rowOf("stays")]
      yield* models.refresh
      expect([...(yield* models.current).keys()]).toEqual(["1/stays"])
    })
  )

  effect("is followed on after a failure that nobody foresaw", () =>
    Effect.gen(function* () {
      const models = yield* DesiredModels
      failures.push("unforeseen")
      yield* Queue.offer(told, undefined)
      yield* set([rowOf("after")])
      yield* Queue.offer(told, undefined)
      const seen = models.changes.pipe(
        Stream.filter((it) => it.has("1/after")),
        Stream.runHead
      )
      yield* Effect.timeout(seen, "30 seconds")
      expect(failures).toEqual([])
    })
  )
})

describe("files of models", () => {
  const shaOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")
  const file = (text: string) => new TextEncoder().encode(text)

  effect("are fetched once, verified, and mended where they were damaged", () =>
    Effect.gen(function* () {
      const models = yield* DesiredModels
      const good = file("good")
      const sha256 = shaOf(good)
      expect(yield* Effect.flip(models.artifact(sha256))).toMatchObject({
        detail: "The file of the model is gone."
      })
      yield* put(artifactKey(sha256), file("evil"))
      expect(yield* Effect.flip(models.artifact(sha256))).toMatchObject({
        detail: "The stored file of the model is not what was sent."
      })
      yield* put(artifactKey(sha256), good)
      yield* Effect.promise(() =>
        Bun.write(join(places.cache, `${sha256}.onnx`), "of another process")
      )
      const path = yield* models.artifact(sha256)
      expect(yield* Effect.promise(() => Bun.file(path).text())).toBe("good")
      yield* (yield* ObjectStore).remove(artifactKey(sha256))
      expect(yield* models.artifact(sha256)).toBe(path)
    })
  )

  effect("make room for others when nothing needs them, oldest first", () =>
    Effect.gen(function* () {
      const models = yield* DesiredModels
      const shas: Array<string> = []
      for (const text of ["first", "second", "third"]) {
        const bytes = file(text)
        const sha256 = shaOf(bytes)
        shas.push(sha256)
        yield* put(artifactKey(sha256), bytes)
        // Needed by what is served; the others by nobody.
        if (text === "first") yield* set([rowOf("needs", { sha256 })])
        yield* models.refresh
        const path = yield* models.artifact(sha256)
        const before = new Date(Date.now() - 3_600_000)
        yield* Effect.promise(() => utimes(path, before, before))
      }
      const names = readdirSync(places.cache)
      expect(names).toContain(`${shas[0]}.onnx`)
      expect(names).not.toContain(`${shas[1]}.onnx`)
      expect(names).toContain(`${shas[2]}.onnx`)
      expect(names.filter((name) => !name.endsWith(".onnx"))).toEqual([])
    })
  )
})
