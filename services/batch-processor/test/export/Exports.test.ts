import { describe, expect } from "bun:test"
import { mkdtemp, rm, utimes } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ExportConfig } from "@analytics/config/ExportConfig"
import * as FolderObjectStore from "@analytics/object-store/FolderObjectStore"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import { Context, Duration, Effect, Layer, Stream } from "effect"
import { Exports } from "../../src/exports/Exports.ts"

class Folder extends Context.Service<Folder, string>()("test/Folder") {}

const folder = Layer.effect(
  Folder,
  Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-exports-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
  )
)

const layer = Exports.layer.pipe(
  Layer.provideMerge(
    Layer.merge(
      Layer.unwrap(Effect.map(Folder, FolderObjectStore.layerOf)),
      ExportConfig.layerOf({ fileEvents: 1, retention: Duration.days(7) })
    )
  ),
  Layer.provideMerge(folder)
)

const put = (key: string) =>
  Effect.flatMap(ObjectStore, (store) => store.put(key, Stream.make(Buffer.from(key))))

const DAY = 86_400_000

describe("files of jobs", () => {
  const { effect } = withLayer(layer)

  effect("are those of the job, and nobody else's", () =>
    Effect.gen(function* () {
      const exports = yield* Exports
      yield* Effect.forEach(
        ["1/a/m.json", "1/a/x.csv", "1/ab/y.csv", "2/a/z.csv"],
        (key) => put(`exports/${key}`)
      )
      const job = { id: "a", projectId: 1 }
      const files = yield* exports.list(job)
      expect(files.map(({ key }) => key)).toEqual(["m.json", "x.csv"])
      expect(yield* exports.list({ id: "a", projectId: null })).toEqual([])
      const { bytes, content } = yield* exports.open(job, "x.csv")
      const chunks = yield* Stream.runCollect(content)
      expect(Buffer.concat([...chunks]).toString()).toBe("exports/1/a/x.csv")
      expect(bytes).toBe(17)
      for (const name of [
        "z.csv",
        "../ab/y.csv",
        "..",
        "",
        "x.csv/",
        "../../2/a/z.csv"
      ]) {
        const refused = yield* Effect.flip(exports.open(job, name))
        expect(refused).toMatchObject({ status: 404 })
      }
    })
  )

  effect("go away when they are old, and nothing else does", () =>
    Effect.gen(function* () {
      const exports = yield* Exports
      const path = yield* Folder
      const keys = ["exports/3/a/old", "exports/3/a/new", "uploads/old"]
      yield* Effect.forEach(keys, put)
      const at = (days: number) => new Date(Date.now() - days * DAY)
      yield* Effect.promise(async () => {
        await utimes(join(path, "exports/3/a/old"), at(7.1), at(7.1))
        await utimes(join(path, "exports/3/a/new"), at(6.9), at(6.9))
        await utimes(join(path, "uploads/old"), at(30), at(30))
      })
      expect(yield* exports.expire).toBe(1)
      const store = yield* ObjectStore
      const left = yield* Stream.runCollect(store.list("exports/3/"))
      expect([...left].map(({ key }) => key)).toEqual(["exports/3/a/new"])
      expect((yield* store.head("uploads/old"))._tag).toBe("Some")
    })
  )
})
