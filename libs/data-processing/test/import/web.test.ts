import { describe, expect, it } from "bun:test"
import { enrich } from "@analytics/data-processing/Enrichment"
import { plausibleRow } from "@analytics/data-processing/import/plausibleRow"
import { umamiRow } from "@analytics/data-processing/import/umamiRow"
import { row } from "@analytics/data-processing/readers/Row"
import { Refusal, readEvent } from "@analytics/data-processing/segment/SegmentEvent"
import fc from "fast-check"
import { event, pageview } from "./webRows.ts"

describe("a row without user agent and address", () => {
  it.each([
    [plausibleRow(row(1, pageview)), "Safari", "macOS"],
    [umamiRow(row(1, event)), "Chrome", "Windows"]
  ])("has the columns that it would have had live", (mapped, browser, os) => {
    const read = readEvent(JSON.parse(JSON.stringify(mapped.event)), "page", {
      projectId: 1,
      receivedAt: 1e12,
      maxEventBytes: 1e6,
      testMode: false
    })
    if (read instanceof Refusal) throw new Error(read.reason)
    const { client, country, path, referrerDomain } = enrich(read, () => "")
    expect({ client, country, referrerDomain }).toEqual({
      client: { browser, os, device: "desktop", isBot: false },
      country: "DE",
      referrerDomain: "news.test"
    })
    expect(path).toStartWith("/a")
  })
})

describe("rows of any content", () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.constantFrom("['a", "[", "\\N", "2024-05-01 10:00:00", "{}"),
    fc.array(fc.string(), { maxLength: 2 })
  )
  it.each([
    ["plausible", plausibleRow, pageview],
    ["umami", umamiRow, event]
  ] as const)(
    "of %s are events that are taken, or have a reason",
    (_, toEvent, base) => {
      fc.assert(
        fc.property(
          fc.dictionary(fc.constantFrom(...Object.keys(base)), value),
          (fields) => {
            const mapped = toEvent(row(1, { ...base, ...fields }))
            if (mapped.event === undefined) return typeof mapped.reason === "string"
            const type = "type" in mapped.event && mapped.event.type === "page"
            const read = readEvent(
              JSON.parse(JSON.stringify(mapped.event)),
              type ? "page" : "track",
              { projectId: 1, receivedAt: 1e12, maxEventBytes: 1e6, testMode: false }
            )
            return !(read instanceof Refusal)
          }
        )
      )
    }
  )
})
