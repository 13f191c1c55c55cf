import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { apacheEvent } from "../../src/import/apacheEvent.ts"
import {
  type Batch,
  type BatchLimits,
  batches,
  bodyOf,
  unread
} from "../../src/import/batches.ts"
import { makeMapper } from "../../src/import/Mapping.ts"
import { plainEvent, tableEvent } from "../../src/import/plainEvent.ts"
import { ndjson } from "../../src/readers/ndjson.ts"
import { beginning, row, unreadable } from "../../src/readers/Row.ts"

const mapping = {
  eventColumn: "what",
  userColumn: "who",
  timestampColumn: "when",
  timestampFormat: "yyyyMMdd",
  timeOffset: "+00:00",
  numbers: ["price"],
  booleans: ["new"]
}

describe("makeMapper", () => {
  const toEvent = makeMapper(mapping)

  it("gives columns their roles and types, and leaves empty values out", () => {
    const fields = {
      what: "buy",
      who: "7",
      when: "19970101",
      price: "1.5",
      new: "TRUE"
    }
    const { event } = toEvent(row(3, { ...fields, note: "", zip: "01234" }), "file")
    expect(JSON.parse(JSON.stringify(event))).toEqual({
      type: "track",
      event: "buy",
      userId: "7",
      timestamp: "1997-01-01T00:00:00.000+00:00",
      messageId: "file-3",
      properties: { price: 1.5, new: true, zip: "01234" }
    })
  })

  it("says which column of a row is wrong", () => {
    expect(toEvent(row(1, { what: "buy", when: "1997-01-01" }), "f").reason).toBe(
      "column when is not written as yyyyMMdd"
    )
    expect(toEvent(row(1, { when: "19970101" }), "f").reason).toBe(
      "no event name in column what"
    )
  })
})

describe("apacheEvent", () => {
  it("makes a page view of a visitor whose address stays unknown", () => {
    const fields = { ip: "192.0.2.1", time: "17/May/2015:10:05:03 +0200", path: "/a" }
    const { event } = apacheEvent(row(1, { ...fields, userAgent: "x" }), "file")
    expect(event).toMatchObject({
      type: "page",
      timestamp: "2015-05-17T10:05:03.000+02:00",
      properties: { path: "/a" }
    })
    expect(JSON.stringify(event)).not.toContain("192.0.2.1")
  })
})

describe("plainEvent", () => {
  const read = async (line: string) => {
    const bytes = (async function* () {
      yield new TextEncoder().encode(line)
    })()
    const [block] = await Array.fromAsync(ndjson(bytes, beginning))
    const [first] = block?.rows ?? []
    if (first?._tag !== "Row") throw new Error("not a row")
    const mapped = plainEvent(first, "imp-x")
    return mapped.json ?? JSON.stringify(mapped.event)
  }

  it("gives an event without an id the one of its place, and keeps all else", async () => {
    expect(await read(' {"type":"page","n":12345678901234567890}')).toBe(
      '{"messageId":"imp-x-1","type":"page","n":12345678901234567890}'
    )
    expect(await read("{}")).toBe('{"messageId":"imp-x-1"}')
    expect(await read('{"messageId":"own"}')).toBe('{"messageId":"own"}')
    // The ingestion would make up an id for these, another one each time.
    for (const empty of ["null", '""'])
      expect(JSON.parse(await read(`{"messageId":${empty},"a":1}`))).toEqual({
        messageId: "imp-x-1",
        a: 1
      })
  })
})

describe("tableEvent", () => {
  it("reads columns that are named as an event's fields", () => {
    const fields = {
      event: "buy",
      userId: "u",
      anonymousId: "",
      properties: '{"n":12345678901234567890}',
      context: null
    }
    const { event } = tableEvent(row(2, fields), "f")
    expect(JSON.stringify(event)).toBe(
      '{"event":"buy","userId":"u","properties":{"n":12345678901234567890},"type":"track","messageId":"f-2"}'
    )
    expect(tableEvent(row(1, { traits: "[1]" }), "f").reason).toBe(
      "column traits does not hold a JSON object"
    )
  })
})

describe("batches", () => {
  const limits: BatchLimits = { maxEvents: 1000, maxBytes: 450 * 1024 }
  const plain = ({ fields, number }: { fields: object; number: number }) => ({
    event: { ...fields, number }
  })
  const blocks = async function* (count: number, size = 10) {
    for (let start = 0; start < count; start += 100)
      yield {
        from: { byte: start, row: start },
        rows: Array.from({ length: Math.min(100, count - start) }, (_, i) => {
          const n = start + i + 1
          return n === 2 ? unreadable(2, "torn") : row(n, { text: "x".repeat(size) })
        })
      }
  }

  it("accounts for every row, within the limits of a request", async () => {
    const all = await Array.fromAsync(batches(blocks(2600), plain, "f", limits))
    expect(all.map((batch) => batch.events.length)).toEqual([1000, 1000, 599])
    expect(all.flatMap((batch) => batch.skipped)).toEqual([
      { number: 2, reason: "torn" }
    ])
    expect(all.at(-1)?.lastRow).toBe(2600)
    const large = batches(blocks(40, 30_000), plain, "f", limits)
    for await (const { events } of large)
      expect(bodyOf(events).length).toBeLessThanOrEqual(limits.maxBytes)
  })

  it("continues after every batch without losing or repeating a row", async () => {
    const line = fc.oneof(
      fc.record({ a: fc.string({ unit: "grapheme" }) }).map((it) => JSON.stringify(it)),
      fc.constantFrom("", "not json", "[1]")
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 40 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 5 }),
        async (lines, chunk, maxEvents) => {
          const file = new TextEncoder().encode(lines.join("\n"))
          const read = (after = unread): Promise<ReadonlyArray<Batch>> => {
            const bytes = (async function* () {
              for (let at = after.from.byte; at < file.length; at += chunk)
                yield file.subarray(at, at + chunk)
            })()
            const rows = ndjson(bytes, after.from)
            const bounds = { maxEvents, maxBytes: 10_000 }
            return Array.fromAsync(batches(rows, plainEvent, "f", bounds, after))
          }
          const told = (all: ReadonlyArray<Batch>) => [
            all.flatMap(({ events }) => events),
            all.flatMap(({ skipped }) => skipped)
          ]
          const whole = await read()
          for (const [index, batch] of whole.entries())
            expect(told(await read(batch))).toEqual(told(whole.slice(index + 1)))
        }
      ),
      { numRuns: 60 }
    )
  })
})
