import { describe, expect, it } from "bun:test"
import { plausibleRow } from "@analytics/data-processing/import/plausibleRow"
import { csv } from "@analytics/data-processing/readers/csv"
import { ndjson } from "@analytics/data-processing/readers/ndjson"
import {
  beginning,
  type Reader,
  type Row,
  row
} from "@analytics/data-processing/readers/Row"
import { idOf, pageview, plain } from "./webRows.ts"

const rowsOf = async (reader: Reader, text: string): Promise<ReadonlyArray<Row>> => {
  const bytes = (async function* () {
    yield new TextEncoder().encode(text)
  })()
  const rows: Array<Row> = []
  for await (const block of reader(bytes, beginning))
    for (const each of block.rows) if (each._tag === "Row") rows.push(each)
  return rows
}

const fromCsv: Reader = (bytes) => csv(bytes, { delimiter: "," })

describe("a row of Plausible's events_v2", () => {
  it("is a page view of the same visitor", () => {
    expect(plain(plausibleRow(row(1, pageview)).event)).toEqual({
      type: "page",
      event: "pageview",
      messageId: expect.stringMatching(/^plausible-[0-9a-f]{40}$/),
      timestamp: "2024-05-01T10:00:00.000Z",
      anonymousId: "1",
      properties: { author: "Ann" },
      context: {
        sessionId: "2",
        page: {
          url: "https://x.test/a",
          path: "/a",
          referrer: "https://news.test/item"
        },
        referrer: { name: "Hacker News" },
        campaign: { source: "mail" },
        location: { country: "DE", region: "DE-BE", geonameId: "2950159" },
        device: { type: "desktop" },
        browser: { name: "Safari", version: "17" },
        os: { name: "macOS", version: "14" },
        plausible: { site_id: "7", channel: "Email" }
      }
    })
  })

  it("is a sale, an engagement or what nobody did themselves", () => {
    const sale = {
      ...pageview,
      name: "Purchase",
      country_code: "\0\0",
      revenue_source_amount: "10.500",
      revenue_source_currency: "EUR",
      "interactive?": 0
    }
    expect(plain(plausibleRow(row(1, sale)).event)).toMatchObject({
      type: "track",
      event: "Purchase",
      properties: { author: "Ann", revenue: 10.5, currency: "EUR", interactive: false },
      context: { location: { region: "DE-BE", geonameId: "2950159" } }
    })
    expect(JSON.stringify(plausibleRow(row(1, sale)))).not.toContain("\\u0000")
    const left = {
      ...pageview,
      name: "engagement",
      scroll_depth: 60,
      engagement_time: 4200
    }
    expect(plain(plausibleRow(row(1, left)).event)).toMatchObject({
      properties: { scroll_depth: 60, engagement_time: 4200 }
    })
  })

  it("says the same as JSON and as CSV, whatever its lists are written as", async () => {
    const json = `{"timestamp":"2024-05-01 10:00:00","name":"Signup","site_id":7,"user_id":18446744073709551615,"session_id":2,"hostname":"x.test","pathname":"/a","meta.key":["a","b"],"meta.value":["it's","x\\ny"]}`
    const text = `timestamp,name,site_id,user_id,session_id,hostname,pathname,meta.key,meta.value
2024-05-01 10:00:00,Signup,7,18446744073709551615,2,x.test,/a,"['a','b']","['it\\'s','x\\ny']"
`
    const [a] = (await rowsOf(ndjson, json)).map((each) => plausibleRow(each).event)
    const [b] = (await rowsOf(fromCsv, text)).map((each) => plausibleRow(each).event)
    expect(plain(a)).toMatchObject({
      anonymousId: "18446744073709551615",
      properties: { a: "it's", b: "x\ny" }
    })
    expect(plain(b)).toEqual(plain(a))
  })

  it("has the id of its content: one row in two files, and not two rows alike", () => {
    const id = (fields: object, number = 1) =>
      idOf(plausibleRow(row(number, { ...pageview, ...fields })))
    expect(id({}, 9)).toBe(id({}))
    expect(id({ user_id: "1", occurrence: "1" })).toBe(id({}))
    const different = [
      { occurrence: 2 },
      { timestamp: "2024-05-01 10:00:01" },
      { user_id: 3 },
      { pathname: "/b" },
      { name: "Signup" },
      { site_id: 8 },
      { referrer: "other.test" },
      { "meta.value": ["Bob"] }
    ]
    expect(new Set([id({}), ...different.map((each) => id(each))]).size).toBe(9)
  })

  it("is none without a name or a time", () => {
    expect(plausibleRow(row(1, { date: "2024-05-01", visitors: "12" })).reason).toBe(
      "no name: is it a row of events_v2?"
    )
    expect(plausibleRow(row(1, { name: "pageview", timestamp: "then" })).reason).toBe(
      "timestamp is not readable"
    )
  })
})

it("looks once for what a list of endless quotes does not close", () => {
  const hostile = `['${"\\'".repeat(500_000)}`
  const fields = { name: "x", timestamp: "2026-03-01", "meta.key": hostile }
  // The square of it would take minutes.
  expect(plausibleRow(row(1, fields)).event).toBeDefined()
})
