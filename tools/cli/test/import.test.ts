import { describe, expect, it } from "bun:test"
import { row, unreadable } from "@analytics/data-processing/readers/Row"
import { apacheEvent } from "../src/import/apacheEvent.ts"
import { type Batch, batches } from "../src/import/batches.ts"
import { makeMapper } from "../src/import/Mapping.ts"

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

describe("batches", () => {
  const rows = async function* (count: number, size = 10) {
    for (let n = 1; n <= count; n++)
      yield n === 2 ? unreadable(2, "torn") : row(n, { text: "x".repeat(size) })
  }
  const collect = async (source: AsyncIterable<Batch>) => Array.fromAsync(source)
  const plain = ({ fields, number }: { fields: object; number: number }) => ({
    event: { ...fields, number }
  })

  it("accounts for every row, within the limits of a request", async () => {
    const all = await collect(batches(rows(2600), plain, 0))
    expect(all.map((batch) => batch.events)).toEqual([1000, 1000, 599])
    expect(all.flatMap((batch) => batch.skipped)).toEqual([
      { number: 2, reason: "torn" }
    ])
    expect(all.at(-1)?.lastRow).toBe(2600)
    const large = await collect(batches(rows(40, 30_000), plain, 0))
    for (const { body } of large) expect(body.length).toBeLessThan(500 * 1024)
  })

  it("continues after a row", async () => {
    const [batch] = await collect(batches(rows(5), plain, 3))
    expect(batch?.rows).toEqual([4, 5])
  })
})
