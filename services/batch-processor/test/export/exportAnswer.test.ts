import { describe, expect } from "bun:test"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import { tableFromIPC } from "apache-arrow"
import { parse } from "csv-parse/sync"
import { Effect, Exit, Layer, Ref } from "effect"
import { parquetReadObjects } from "hyparquet"
import { JobFailed } from "../../src/jobs/JobType.ts"
import { checked } from "../../src/types/export/checked.ts"
import type { Format, Payload } from "../../src/types/export/ExportPayload.ts"
import { type Answer, QueryClient } from "../../src/types/export/QueryClient.ts"
import { newJob } from "../TestJobRun.ts"
import {
  bytesOf,
  changedAt,
  exportLayer,
  hide,
  keysOf,
  manifestOf,
  run,
  WATERMARK
} from "./exportTest.ts"

const PEOPLE = 21_500

/** People of one project, a thousand a page; others have none. */
const answering = (asked: Array<object>) =>
  Layer.succeed(QueryClient, {
    answer: (projectId, body: { readonly cursor?: string; readonly kind?: string }) =>
      Effect.suspend((): Effect.Effect<Answer, JobFailed> => {
        asked.push(body)
        if (body.kind === "trends")
          return Effect.succeed({
            kind: "trends",
            result: {
              buckets: ["2025-03-01T00:00:00.000Z"],
              labels: ["2025-03-01"],
              series: [{ name: "=A", breakdown: null, other: false, data: [7] }]
            }
          })
        if (body.kind === "paths") return Effect.fail(new JobFailed({ detail: "No" }))
        const from = Number(body.cursor ?? 0)
        const to = Math.min(from + 1000, PEOPLE)
        return Effect.succeed({
          kind: "people",
          result: {
            people: Array.from({ length: to - from }, (_, index) => ({
              personId: String(from + index),
              ids: [`u${from + index}`],
              traits: { plan: "pro", n: projectId },
              firstSeen: "2025-03-01T00:00:00.000Z",
              lastSeen: "2025-03-02T00:00:00.000Z"
            })),
            nextCursor: to < PEOPLE ? String(to) : null
          }
        })
      })
  })

const asked: Array<object> = []
const layer = Layer.merge(exportLayer, answering(asked))

const readers: Readonly<
  Record<Format, (bytes: Buffer) => Promise<ReadonlyArray<object>>>
> = {
  csv: async (bytes) => parse(bytes, { columns: true }),
  ndjson: async (bytes) =>
    bytes
      .toString("utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  arrow: async (bytes) => [...tableFromIPC(bytes)].map((row) => row.toJSON()),
  parquet: (bytes) => parquetReadObjects({ file: new Uint8Array(bytes).buffer })
}

const jobOf = (projectId: number) => ({ id: crypto.randomUUID(), projectId })

describe("export of an answer", () => {
  const { effect } = withLayer(layer)

  for (const format of ["csv", "ndjson", "arrow", "parquet"] as const)
    effect(`writes all pages as ${format}, in files of a number of them`, () =>
      Effect.gen(function* () {
        const job = jobOf(5)
        asked.length = 0
        const result = yield* run({ what: { people: {} }, format }, newJob(), job)
        expect(result).toMatchObject({ rows: PEOPLE, files: 2 })
        expect(asked[0]).toEqual({
          kind: "people",
          asOf: new Date(WATERMARK).toISOString(),
          limit: 1000
        })
        const manifest = yield* manifestOf(result.folder)
        expect(manifest.columns).toEqual([
          { name: "personId", type: "string" },
          { name: "ids", type: "json" },
          { name: "traits", type: "json" },
          { name: "firstSeen", type: "string" },
          { name: "lastSeen", type: "string" }
        ])
        const found = yield* Effect.forEach(manifest.files, ({ name, rows }) =>
          Effect.gen(function* () {
            const bytes = yield* bytesOf(result.folder + name)
            const read = yield* Effect.promise(() => readers[format](bytes))
            expect(read).toHaveLength(rows)
            return read
          })
        )
        const ids = found.flat().map((row) => ("personId" in row ? row.personId : ""))
        expect(ids).toEqual(Array.from({ length: PEOPLE }, (_, n) => String(n)))
      })
    )

  effect("writes a query that has one page", () =>
    Effect.gen(function* () {
      const payload: Payload = {
        what: { query: { kind: "trends" } },
        format: "csv",
        formulaGuard: true
      }
      const result = yield* run(payload, newJob(), jobOf(6))
      const bytes = yield* bytesOf(`${result.folder}rows-00001.csv`)
      const [row] = yield* Effect.promise(() => readers.csv(bytes))
      expect(row).toMatchObject({ name: "'=A", value: "7", label: "2025-03-01" })
    })
  )

  effect("fails with what the query says", () =>
    Effect.gen(function* () {
      const payload: Payload = { what: { query: { kind: "paths" } }, format: "csv" }
      const error = yield* Effect.flip(run(payload, newJob(), jobOf(6)))
      expect(error).toEqual(new JobFailed({ detail: "No" }))
    })
  )

  effect("goes on with the next file after it broke, and anew after an erasure", () =>
    Effect.gen(function* () {
      const job = jobOf(7)
      const kept = newJob()
      const store = yield* ObjectStore
      const puts = yield* Ref.make<ReadonlyArray<string>>([])
      const breaking: ObjectStore["Service"] = {
        ...store,
        put: (key, ...rest) =>
          Effect.flatMap(
            Ref.updateAndGet(puts, (keys) => [...keys, key.slice(-17)]),
            (keys) =>
              keys.length === 2 ? Effect.die("killed") : store.put(key, ...rest)
          )
      }
      const once = run({ what: { people: {} }, format: "ndjson" }, kept, job).pipe(
        Effect.provideService(ObjectStore, breaking)
      )
      expect(Exit.isFailure(yield* Effect.exit(once))).toBe(true)
      yield* hide(7, 1)
      expect((yield* once).rows).toBe(PEOPLE)
      expect(yield* Ref.get(puts)).toEqual([
        "rows-00001.ndjson",
        "rows-00002.ndjson",
        "rows-00002.ndjson",
        "rows-00001.ndjson",
        "rows-00002.ndjson",
        expect.stringMatching(/manifest\.json$/u)
      ])
      expect(yield* keysOf(`exports/7/${job.id}/`)).toHaveLength(3)
    })
  )

  effect("is written anew after an erasure that is over by then", () =>
    Effect.gen(function* () {
      const job = jobOf(8)
      const store = yield* ObjectStore
      const puts = yield* Ref.make<ReadonlyArray<string>>([])
      const noting: ObjectStore["Service"] = {
        ...store,
        put: (key, ...rest) =>
          Effect.flatMap(
            Ref.updateAndGet(puts, (keys) => [...keys, key.slice(-17)]),
            (keys) => {
              // Nothing of it is left in the event store.
              if (keys.length === 2) changedAt.set(8, "2025-06-01T00:00:01.000Z")
              return store.put(key, ...rest)
            }
          )
      }
      yield* run({ what: { people: {} }, format: "ndjson" }, newJob(), job).pipe(
        Effect.provideService(ObjectStore, noting)
      )
      expect(yield* Ref.get(puts)).toEqual([
        "rows-00001.ndjson",
        "rows-00002.ndjson",
        "rows-00001.ndjson",
        "rows-00002.ndjson",
        expect.stringMatching(/manifest\.json$/u)
      ])
    })
  )

  effect("refuses what could never succeed, and says where", () =>
    Effect.gen(function* () {
      const refused = (payload: Payload) =>
        Effect.map(Effect.flip(checked(payload)), ({ pointer }) => pointer)
      const trends = {
        kind: "trends",
        range: "last_7d",
        interval: "day",
        series: [{ measure: "total" }]
      }
      const pointers = yield* Effect.all([
        refused({ what: { events: {} }, format: "arrow", compression: "gzip" }),
        refused({ what: { events: {} }, format: "ndjson", formulaGuard: true }),
        refused({ what: { query: { kind: "no" } }, format: "csv" }),
        refused({ what: { query: { ...trends, series: 1 } }, format: "csv" }),
        refused({ what: { query: { ...trends, asOf: "x" } }, format: "csv" }),
        refused({ what: { people: { limit: 1 } }, format: "csv" }),
        refused({
          what: {
            events: { from: "2025-03-01T00:00:00Z", to: "2025-03-01T00:00:00Z" }
          },
          format: "csv"
        })
      ])
      expect(pointers).toEqual([
        "/compression",
        "/formulaGuard",
        "/what/query/kind",
        "/what/query/series",
        "/what/query/asOf",
        "/what/people/limit",
        "/what/events/to"
      ])
      yield* checked({ what: { query: trends }, format: "csv", formulaGuard: false })
    })
  )
})
