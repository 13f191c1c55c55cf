import { describe, expect } from "bun:test"
import { createHash } from "node:crypto"
import { gunzipSync } from "node:zlib"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import { tableFromIPC } from "apache-arrow"
import { parse } from "csv-parse/sync"
import { Deferred, Effect, Fiber, Layer, Ref } from "effect"
import { parquetReadObjects } from "hyparquet"
import { compressors } from "hyparquet-compressors"
import type { Format, Payload } from "../../src/types/export/ExportPayload.ts"
import { QueryClient } from "../../src/types/export/QueryClient.ts"
import { newJob, retry } from "../TestJobRun.ts"
import {
  bytesOf,
  exportLayer,
  hide,
  keysOf,
  manifestOf,
  run,
  START,
  storeEvents,
  WATERMARK
} from "./exportTest.ts"

const everything = (format: Format): Payload => ({ what: { events: {} }, format })

/** Read by somebody else's reader, as plain values. */
const readers: Readonly<
  Record<Format, (bytes: Buffer) => Promise<ReadonlyArray<Record<string, unknown>>>>
> = {
  csv: async (bytes) => parse(bytes, { columns: true }),
  ndjson: async (bytes) =>
    bytes
      .toString("utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  arrow: async (bytes) => [...tableFromIPC(bytes)].map((row) => row.toJSON()),
  parquet: (bytes) =>
    parquetReadObjects({ file: new Uint8Array(bytes).buffer, compressors })
}

const jsonOf = (value: unknown) =>
  typeof value === "string" ? JSON.parse(value) : value

const NoQueries = Layer.succeed(QueryClient, {
  answer: () => Effect.die("events ask nobody")
})

let projects = 0
const newProject = Effect.gen(function* () {
  projects++
  yield* storeEvents(projects)
  return { id: crypto.randomUUID(), projectId: projects }
})

describe("export of events", () => {
  const { effect } = withLayer(Layer.merge(exportLayer, NoQueries))

  for (const format of ["csv", "ndjson", "arrow", "parquet"] as const)
    effect(`${format} is read by others, and the manifest tells the truth`, () =>
      Effect.gen(function* () {
        const job = yield* newProject
        const result = yield* run(everything(format), newJob(), job)
        const folder = `exports/${job.projectId}/${job.id}/`
        const manifest = yield* manifestOf(folder)
        expect(result).toMatchObject({ folder, rows: 99, files: manifest.files.length })
        expect(manifest).toMatchObject({
          format,
          rows: 99,
          watermark: new Date(WATERMARK).toISOString()
        })
        expect(manifest.columns).toContainEqual({ name: "traits", type: "json" })
        expect(yield* keysOf(folder)).toEqual([
          ...manifest.files.map(({ name }) => name),
          "manifest.json"
        ])
        // 30 events of one day, 69 of the next, which are two files.
        expect(manifest.files).toHaveLength(3)
        const found: Array<Record<string, unknown>> = []
        for (const file of manifest.files) {
          const bytes = yield* bytesOf(folder + file.name)
          expect(bytes.byteLength).toBe(file.bytes)
          expect(createHash("sha256").update(bytes).digest("hex")).toBe(file.sha256)
          const rows = yield* Effect.promise(() => readers[format](bytes))
          expect(rows).toHaveLength(file.rows)
          found.push(...rows)
        }
        const byId = new Map(found.map((row) => [row["messageId"], row]))
        expect(byId.size).toBe(99)
        const track = byId.get("m003")
        expect(track).toMatchObject({
          event: '=buy, "now"',
          type: "track",
          userId: "u3"
        })
        expect(new Date(track?.["timestamp"] as string).getTime()).toBe(START + 3000)
        expect(jsonOf(track?.["properties"])).toEqual({
          n: 3,
          cart: { items: [1, "zwei"], text: "line\nbreak" }
        })
        expect(jsonOf(track?.["context"])).toEqual({
          page: { path: "/x" },
          library: {}
        })
        expect(track?.["anonymousId"] || null).toBeNull()
        const identify = byId.get("m010")
        expect(jsonOf(identify?.["traits"])).toMatchObject({ n: 10 })
        expect(identify?.["properties"] || null).toBeNull()
      })
    )

  effect("is packed and guarded on demand", () =>
    Effect.gen(function* () {
      const job = yield* newProject
      const payload = { ...everything("csv"), formulaGuard: true }
      yield* run({ ...payload, compression: "gzip" }, newJob(), job)
      const folder = `exports/${job.projectId}/${job.id}/`
      const bytes = yield* bytesOf(`${folder}events-00001.csv.gz`)
      const rows = yield* Effect.promise(() => readers.csv(gunzipSync(bytes)))
      expect(rows).toHaveLength(30)
      const events = new Set(rows.map(({ event }) => event))
      expect([...events].sort()).toEqual(["$identify", '\'=buy, "now"', "view"])
    })
  )

  effect("takes a range, an event and filters", () =>
    Effect.gen(function* () {
      const job = yield* newProject
      const events = {
        from: new Date(START).toISOString(),
        to: new Date(START + 20_000).toISOString(),
        event: "view",
        filters: [{ property: "n", op: "gte" as const, value: 10 }]
      }
      yield* run({ what: { events }, format: "ndjson" }, newJob(), job)
      const bytes = yield* bytesOf(
        `exports/${job.projectId}/${job.id}/events-00001.ndjson`
      )
      const rows = yield* Effect.promise(() => readers.ndjson(bytes))
      expect(rows.map((row) => row["messageId"]).sort()).toEqual(
        [11, 13, 14, 16, 17, 19].map((n) => `m0${n}`)
      )
    })
  )

  effect("has no files where there are no events", () =>
    Effect.gen(function* () {
      const job = { id: crypto.randomUUID(), projectId: 4_000_000 }
      const result = yield* run(everything("parquet"), newJob(), job)
      expect(result).toMatchObject({ files: 0, rows: 0 })
      expect(yield* keysOf("exports/4000000/")).toHaveLength(1)
    })
  )

  effect("goes on with the next file after it was killed", () =>
    Effect.gen(function* () {
      const job = yield* newProject
      const kept = newJob()
      const store = yield* ObjectStore
      const puts = yield* Ref.make<ReadonlyArray<string>>([])
      const atSecond = yield* Deferred.make<void>()
      const counted = Effect.fnUntraced(function* (key: string) {
        return yield* Ref.updateAndGet(puts, (keys) => [...keys, key])
      })
      const stuck: ObjectStore["Service"] = {
        ...store,
        put: (key, ...rest) =>
          Effect.flatMap(counted(key), (keys) =>
            keys.length === 2
              ? Effect.andThen(Deferred.succeed(atSecond, undefined), Effect.never)
              : store.put(key, ...rest)
          )
      }
      const first = yield* Effect.forkChild(
        run(everything("parquet"), kept, job).pipe(
          Effect.provideService(ObjectStore, stuck)
        )
      )
      yield* Deferred.await(atSecond)
      yield* Fiber.interrupt(first)
      const folder = `exports/${job.projectId}/${job.id}/`
      expect(yield* keysOf(folder)).toEqual(["events-00001.parquet"])
      const result = yield* run(everything("parquet"), kept, job).pipe(
        Effect.provideService(ObjectStore, stuck)
      )
      expect(result).toMatchObject({ files: 3, rows: 99 })
      // The first file was not written again.
      expect((yield* Ref.get(puts)).map((key) => key.slice(folder.length))).toEqual([
        "events-00001.parquet",
        "events-00002.parquet",
        "events-00002.parquet",
        "events-00003.parquet",
        "manifest.json"
      ])
    })
  )

  effect("holds nobody who was erased while it ran, and no file that was removed", () =>
    Effect.gen(function* () {
      const job = yield* newProject
      const kept = newJob()
      const store = yield* ObjectStore
      const folder = `exports/${job.projectId}/${job.id}/`
      // When the last file is written, somebody in all of them is erased, and one goes.
      const erasing: ObjectStore["Service"] = {
        ...store,
        put: (key, ...rest) =>
          Effect.tap(store.put(key, ...rest), () =>
            key.endsWith("3.ndjson") && !kept.checkpoints.has("file 2")
              ? Effect.andThen(
                  Effect.orDie(Effect.provide(hide(job.projectId, 3), exportContext)),
                  store.remove(`${folder}events-00001.ndjson`)
                )
              : Effect.void
          )
      }
      const exportContext = yield* Effect.context<Layer.Success<typeof exportLayer>>()
      const result = yield* run(everything("ndjson"), kept, job).pipe(
        Effect.provideService(ObjectStore, erasing)
      )
      expect(result.rows).toBe(89)
      const manifest = yield* manifestOf(folder)
      for (const { name, rows } of manifest.files) {
        const found = yield* Effect.promise(async () =>
          readers.ndjson(
            await Effect.runPromise(
              Effect.provide(bytesOf(folder + name), exportContext)
            )
          )
        )
        expect(found).toHaveLength(rows)
        expect(found.some((row) => row["userId"] === "u3")).toBe(false)
      }
    })
  )

  effect("writes again what a clean-up took away when it is tried again", () =>
    Effect.gen(function* () {
      const job = yield* newProject
      const kept = newJob()
      yield* run(everything("csv"), kept, job)
      const store = yield* ObjectStore
      const folder = `exports/${job.projectId}/${job.id}/`
      for (const key of yield* keysOf(folder)) yield* store.remove(folder + key)
      retry(kept)
      expect((yield* run(everything("csv"), kept, job)).rows).toBe(99)
      expect(yield* keysOf(folder)).toHaveLength(4)
    })
  )
})
