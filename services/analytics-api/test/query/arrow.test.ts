import { afterAll, describe, expect, it } from "bun:test"
import { documentedKinds } from "@analytics/analytics-core/query/Query"
import { jsonBody } from "@analytics/api-common/JsonBody"
import { columnsOf } from "@analytics/data-processing/tables/columnTypes"
import { tabular } from "@analytics/data-processing/tables/tabular"
import {
  RecordBatchReader,
  RecordBatchStreamWriter,
  type Table,
  tableFromIPC
} from "apache-arrow"
import { Effect, Layer, Logger, ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { Auth } from "../../src/access/Auth.ts"
import { Queries } from "../../src/query/Queries.ts"
import { queryRoutes } from "../../src/query/QueryRoutes.ts"
import { QueryRuns } from "../../src/query/QueryRuns.ts"

const lines = {
  buckets: ["2025-03-01T00:00:00.000Z", "2025-03-02T00:00:00.000Z"],
  labels: ["2025-03-01", "2025-03-02"],
  series: [
    { name: "A", breakdown: ["x", 1, null, true], other: false, data: [3, null] },
    { name: "B", breakdown: null, other: true, data: [0.1, -1e300] }
  ]
}

const event = (messageId: string, userId: string | null, properties: object) => ({
  messageId,
  event: 'Ünï "\0" 😀',
  type: "track",
  timestamp: "2025-03-01T00:00:00.000Z",
  receivedAt: "2025-03-01T00:00:01.000Z",
  userId,
  anonymousId: null,
  personId: "p",
  properties,
  context: {}
})

const session = (entry: unknown) => ({
  personId: "p",
  start: "2025-03-01T00:00:00.000Z",
  end: "2025-03-01T00:00:00.500Z",
  durationSeconds: 0.5,
  events: 2,
  entry,
  exit: null
})

const step = {
  event: "a",
  count: 2,
  rateFromPrevious: null,
  rateFromFirst: 1,
  meanSeconds: 0.5,
  medianSeconds: null
}

/** Of each kind the pages of its result. */
const results: Readonly<Record<string, ReadonlyArray<object>>> = {
  trends: [{ ...lines, compare: lines }],
  funnel: [{ groups: [{ breakdown: ["x"], other: false, steps: [step, step] }] }],
  retention: [
    { cohorts: [{ start: "2025-03-01", size: 2, counts: [2, 1], rates: [1, null] }] }
  ],
  lifecycle: [
    {
      ...lines,
      new: [1, 2],
      returning: [0, 1],
      resurrecting: [0, 0],
      dormant: [0, -1]
    }
  ],
  sessions: [
    { sessions: [session("/")] },
    { sessions: [session(7), session(["a"])] },
    { sessions: [] }
  ],
  stickiness: [{ counts: [{ buckets: 1, people: 3 }] }],
  paths: [{ edges: [{ from: "/", to: 1, count: 2 }], truncated: false }],
  people: [
    {
      people: [{ personId: "p", ids: ["a"], traits: {}, firstSeen: "1", lastSeen: "2" }]
    }
  ],
  events: [
    { events: [event("1", null, { a: 1 }), event("2", null, {})] },
    { events: [event("3", "u", { a: { b: ["😀", null] } })] },
    { events: [] }
  ],
  sql: [
    {
      columns: [
        { name: "day", type: "Nullable(Date)" },
        { name: "big", type: "UInt64" },
        { name: "share", type: "Nullable(Float64)" },
        { name: "sure", type: "Bool" },
        { name: "list", type: "Array(Nullable(Int8))" },
        { name: "none", type: "LowCardinality(Nullable(String))" }
      ],
      rows: [
        ["2025-03-01", "18446744073709551615", 0.1, true, [1, null], null],
        [null, "0", null, false, [], null]
      ],
      truncated: false
    }
  ]
}

const unused = () => Effect.die("not asked here")
const runtime = ManagedRuntime.make(
  Layer.mergeAll(
    Layer.succeed(Auth, {
      admin: unused,
      service: unused,
      adminOrProject: unused,
      project: () =>
        Effect.succeed({
          _tag: "Project",
          keyId: "k",
          projectId: 7,
          scopes: ["query"],
          expiresAt: null,
          timezone: "UTC"
        })
    }),
    Layer.succeed(Queries, {
      check: () => Effect.die("not asked"),
      answer: (_, body) => {
        const { cursor = "0", kind } = body as { kind: string; cursor?: string }
        const pages = results[kind] ?? []
        const next = Number(cursor) + 1
        return Effect.succeed({
          kind,
          result: {
            ...pages[next - 1],
            nextCursor: next < pages.length ? String(next) : null
          },
          meta: {
            asOf: "2025-03-05T12:00:00.000Z",
            ingestLagMs: 1,
            cached: false,
            elapsedMs: 2,
            rowsRead: 3,
            warnings: [],
            definitions: "v1"
          }
        })
      },
      answerLong: unused,
      estimate: unused
    }),
    Layer.succeed(QueryRuns, { start: unused, state: unused, cancel: unused }),
    Logger.layer([])
  )
)
const app = new Elysia()
  .use(jsonBody())
  .use(queryRoutes(runtime))
  .listen({ hostname: "127.0.0.1", port: 0 })
afterAll(async () => {
  await app.stop(true)
  await runtime.dispose()
})

const ask = (kind: string, accept: string) =>
  fetch(`http://127.0.0.1:${app.server?.port}/v1/query`, {
    method: "POST",
    headers: { authorization: "Bearer secret", accept },
    body: JSON.stringify({ kind, ...(kind === "sessions" ? { list: true } : {}) })
  })

const mediaType = "application/vnd.apache.arrow.stream"

/** As a client reads it that knows `arrow.json`. */
const rowsOf = (table: Table): ReadonlyArray<Record<string, unknown>> => {
  const json = new Set(
    table.schema.fields
      .filter(({ metadata }) => metadata.get("ARROW:extension:name") === "arrow.json")
      .map(({ name }) => name)
  )
  return table
    .toArray()
    .map((row) =>
      Object.fromEntries(
        Object.entries(row.toJSON()).map(([name, value]) => [
          name,
          json.has(name) && typeof value === "string" ? JSON.parse(value) : value
        ])
      )
    )
}

describe("an Arrow stream", () => {
  it.each(documentedKinds.map(({ kind }) => kind))(
    "of %s holds the rows of its NDJSON",
    async (kind) => {
      const response = await ask(kind, mediaType)
      if (kind === "live") return expect(response.status).toBe(406)
      expect(response.headers.get("content-type")).toBe(mediaType)
      const table = tableFromIPC(await response.arrayBuffer())
      const lines = (await (await ask(kind, "application/x-ndjson")).text()).trimEnd()
      const expected = lines.split("\n").map((line) => JSON.parse(line))
      expect(rowsOf(table)).toEqual(expected)
      expect(expected.length).toBeGreaterThan(0)
    }
  )

  it("has one schema, and a record batch for each page", async () => {
    const response = await ask("events", mediaType)
    const reader = await RecordBatchReader.from(response)
    const batches: Array<[rows: number, schema: string]> = []
    for await (const batch of reader)
      batches.push([batch.numRows, String(batch.schema)])
    expect(batches.map(([rows]) => rows)).toEqual([2, 1, 0])
    expect(new Set(batches.map(([, schema]) => schema)).size).toBe(1)
    expect(batches[0]?.[1]).toContain("userId: Utf8")
  })

  it("is the stream that one writer makes of all its pages", async () => {
    const bytes = await (await ask("events", mediaType)).arrayBuffer()
    const reader = RecordBatchReader.from(new Uint8Array(bytes)).open()
    const writer = new RecordBatchStreamWriter()
    writer.reset(undefined, reader.schema)
    for (const batch of reader) writer.write(batch)
    const expected = writer.finish().toUint8Array(true)
    expect(Buffer.from(bytes).equals(expected)).toBe(true)
  })

  it("is typed by its kind, or by the store's types, and not by its values", async () => {
    const typesOf = async (kind: string) => {
      const { schema } = tableFromIPC(await (await ask(kind, mediaType)).arrayBuffer())
      return schema.fields.map(({ name, type }) => `${name} ${type}`)
    }
    expect(await typesOf("trends")).toEqual([
      "period Utf8",
      "bucket Utf8",
      "label Utf8",
      "name Utf8",
      "breakdown Utf8",
      "other Bool",
      "value Float64"
    ])
    expect(await typesOf("sql")).toEqual([
      "day Utf8",
      "big Utf8",
      "share Float64",
      "sure Bool",
      "list Utf8",
      "none Utf8"
    ])
    const none = { columns: ["personId", "traits"], rows: [] }
    expect(columnsOf("people", {}, none)).toEqual([
      { name: "personId", type: "string" },
      { name: "traits", type: "json" }
    ])
    expect(tabular("people", { people: [] })?.rows).toEqual([])
  })
})
