import { describe, expect, it } from "bun:test"
import { arrow } from "@analytics/data-processing/tables/arrowTable"
import { tabular } from "@analytics/data-processing/tables/tabular"
import type { TableFormat } from "@analytics/data-processing/tables/textTable"
import { Effect, Result } from "effect"
import fc from "fast-check"
import type { QueryAnswer } from "../../src/query/QueryAnswer.ts"
import { QueryTimedOut, TooManyQueries } from "../../src/query/QueryProblems.ts"
import { streamAnswer } from "../../src/query/streamAnswer.ts"
import { formatFor } from "../../src/query/tableText.ts"

const formatOf = (accept: string): TableFormat => {
  const format = formatFor(accept)
  if (format === undefined || format === "json") throw new Error("not a table")
  return format
}
const csv = formatOf("text/csv")
const ndjson = formatOf("application/x-ndjson")

/** RFC 4180, read slowly. */
const readCsv = (text: string): ReadonlyArray<ReadonlyArray<string>> => {
  const rows: Array<Array<string>> = []
  let row: Array<string> = []
  let cell = ""
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (quoted) {
      if (character !== '"') cell += character
      else if (text[at + 1] === '"') cell += text[at++]
      else quoted = false
    } else if (character === '"') quoted = true
    else if (character === ",") {
      row.push(cell)
      cell = ""
    } else if (character === "\r") {
      rows.push([...row, cell])
      row = []
      cell = ""
      at++
    } else cell += character
  }
  return rows
}

describe("a format", () => {
  it.each([
    [undefined, "json"],
    ["*/*", "json"],
    ["application/json, text/csv", "json"],
    ["text/csv;q=0.5, application/json;q=0.1", csv],
    ["text/*", csv],
    ["application/x-ndjson", ndjson],
    ["application/vnd.apache.arrow.stream", arrow],
    ["application/*", "json"],
    ["text/html", undefined],
    ["application/json;q=0", undefined]
  ])("is chosen by %p", (accept, format) => {
    expect(formatFor(accept)).toBe(format as TableFormat)
  })
})

describe("a table", () => {
  it("of trends has a row for each bucket of each series", () => {
    const lines = {
      buckets: ["2025-03-01T00:00:00.000Z", "2025-03-02T00:00:00.000Z"],
      labels: ["2025-03-01", "2025-03-02"],
      series: [{ name: "A", breakdown: ["x", 1], other: false, data: [3, null] }]
    }
    const table = tabular("trends", { ...lines, compare: lines })
    expect(table?.rows.length).toBe(4)
    expect(table?.rows[1]).toEqual({
      period: "current",
      bucket: "2025-03-02T00:00:00.000Z",
      label: "2025-03-02",
      name: "A",
      breakdown: ["x", 1],
      other: false,
      value: null
    })
  })

  it("of every other kind has its own rows", () => {
    const steps = [
      { event: "a", count: 2 },
      { event: "b", count: 1 }
    ]
    expect(
      tabular("funnel", { groups: [{ breakdown: null, steps }] })?.rows[1]
    ).toMatchObject({ breakdown: null, step: 2, event: "b", count: 1 })
    expect(
      tabular("retention", {
        cohorts: [{ start: "s", size: 2, counts: [2, 1], rates: [1, 0.5] }]
      })?.rows
    ).toEqual([
      { start: "s", size: 2, period: 0, count: 2, rate: 1 },
      { start: "s", size: 2, period: 1, count: 1, rate: 0.5 }
    ])
    expect(
      tabular("sql", { columns: [{ name: "a" }, { name: "b" }], rows: [[1, "x"]] })
    ).toEqual({ columns: ["a", "b"], rows: [{ a: 1, b: "x" }] })
    expect(tabular("toString", {})).toBeUndefined()
  })

  it("comes back from CSV as it was, whatever its text", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: "grapheme" }), fc.string()), {
          maxLength: 5
        }),
        (cells) => {
          const rows = cells.map(([a, b]) => ({ a, 'b"': b }))
          const columns = ["a", 'b"']
          const writer = Effect.runSync(
            csv.open(columns.map((name) => ({ name, type: "string" })))
          )
          const text = Buffer.concat([writer.head, writer.body(rows), writer.tail])
          expect(readCsv(text.toString())).toEqual([columns, ...cells])
        }
      )
    )
  })
})

const answerOf = (events: ReadonlyArray<number>, nextCursor: string | null) =>
  ({
    kind: "events",
    result: { events: events.map((messageId) => ({ messageId })), nextCursor },
    meta: {
      asOf: "",
      ingestLagMs: 0,
      cached: false,
      elapsedMs: 0,
      rowsRead: 0,
      warnings: [],
      definitions: "v1"
    }
  }) satisfies QueryAnswer

const pages = [answerOf([1, 2], "second"), answerOf([3], "third"), answerOf([4], null)]

describe("a paged answer", () => {
  /** Which page a request asks for. */
  const pageOf = (body: unknown): number => {
    const { cursor } = body as { cursor?: string }
    return ["second", "third"].indexOf(cursor ?? "") + 1
  }

  it("holds every page, each asked for when it is wanted", async () => {
    const asked: Array<number> = []
    const response = await Effect.runPromise(
      streamAnswer({ kind: "events" }, ndjson, (body) => {
        asked.push(pageOf(body))
        return Effect.succeed(pages[pageOf(body)] ?? answerOf([], null))
      })
    )
    expect(asked).toEqual([0])
    const text = await response.text()
    expect(asked).toEqual([0, 1, 2])
    const ids = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).messageId)
    expect(ids).toEqual([1, 2, 3, 4])
  })

  it("is one page for a client that names its limit", async () => {
    const response = await Effect.runPromise(
      streamAnswer({ kind: "events", limit: 2 }, csv, () =>
        Effect.succeed(answerOf([1, 2], "second"))
      )
    )
    expect(readCsv(await response.text()).length).toBe(3)
  })

  it("is a problem when its first page fails", async () => {
    const result = await Effect.runPromise(
      Effect.result(
        streamAnswer({ kind: "events" }, csv, () => Effect.fail(new QueryTimedOut({})))
      )
    )
    expect(Result.isFailure(result)).toBe(true)
  })

  it("breaks off when a later page fails, and waits for a busy store", async () => {
    let busy = true
    const response = await Effect.runPromise(
      streamAnswer({ kind: "events" }, ndjson, (body) =>
        Effect.gen(function* () {
          const page = pageOf(body)
          if (page === 1 && busy) {
            busy = false
            return yield* new TooManyQueries({ retryAfter: 1 })
          }
          if (page === 2) return yield* new QueryTimedOut({})
          return pages[page] ?? answerOf([], null)
        })
      )
    )
    await expect(response.text()).rejects.toThrow()
    expect(busy).toBe(false)
  })

  it("asks no more when the client leaves", async () => {
    let asked = 0
    const response = await Effect.runPromise(
      streamAnswer({ kind: "events" }, ndjson, () => {
        asked++
        return Effect.succeed(answerOf([asked], "second"))
      })
    )
    const reader = response.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(asked).toBeLessThan(4)
  })
})
