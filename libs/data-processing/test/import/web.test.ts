import { describe, expect, it } from "bun:test"
import { enrich } from "@analytics/data-processing/Enrichment"
import { plausibleRow } from "@analytics/data-processing/import/plausibleRow"
import { umamiRow } from "@analytics/data-processing/import/umamiRow"
import { csv } from "@analytics/data-processing/readers/csv"
import { ndjson } from "@analytics/data-processing/readers/ndjson"
import {
  beginning,
  type Reader,
  type Row,
  row
} from "@analytics/data-processing/readers/Row"
import { Refusal, readEvent } from "@analytics/data-processing/segment/SegmentEvent"
import fc from "fast-check"

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

/** As it is sent. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const idOf = (mapped: { readonly event?: object | undefined }): unknown =>
  mapped.event !== undefined && "messageId" in mapped.event
    ? mapped.event.messageId
    : undefined

const pageview = {
  timestamp: "2024-05-01 10:00:00",
  name: "pageview",
  site_id: 7,
  user_id: 1,
  session_id: 2,
  hostname: "x.test",
  pathname: "/a",
  referrer: "news.test/item",
  referrer_source: "Hacker News",
  country_code: "DE",
  screen_size: "Desktop",
  operating_system: "Mac",
  operating_system_version: "14",
  browser: "Safari",
  browser_version: "17",
  utm_source: "mail",
  utm_medium: "",
  subdivision1_code: "DE-BE",
  city_geoname_id: 2950159,
  "meta.key": ["author"],
  "meta.value": ["Ann"],
  scroll_depth: 255,
  engagement_time: 0,
  revenue_source_amount: null,
  revenue_source_currency: "\0\0\0",
  channel: "Email"
}

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

const event = {
  event_id: "2d9dcd1a-0000-4000-8000-000000000001",
  website_id: "50429a93-8479-4073-be80-d5d29c09c2ec",
  session_id: "s-1",
  visit_id: "v-1",
  created_at: "2024-05-01 10:00:00.5+00",
  hostname: "x.test",
  url_path: "/a#c",
  url_query: "b=1",
  referrer_domain: "news.test",
  referrer_path: "/item",
  page_title: "A",
  event_type: "1",
  event_name: "",
  tag: "blue",
  browser: "chrome",
  os: "Windows 10",
  device: "laptop",
  screen: "1440x900",
  language: "de-DE",
  country: "DE",
  region: "DE-BE",
  city: "Berlin",
  gclid: "g-1",
  distinct_id: ""
}

describe("a row of Umami's website_event", () => {
  it("is a page view with its own id, and the columns of its session", () => {
    expect(plain(umamiRow(row(1, event)).event)).toEqual({
      type: "page",
      messageId: event.event_id,
      timestamp: "2024-05-01T10:00:00.500Z",
      anonymousId: "s-1",
      properties: { tag: "blue", gclid: "g-1" },
      context: {
        site: event.website_id,
        sessionId: "v-1",
        locale: "de-DE",
        page: {
          url: "https://x.test/a?b=1#c",
          path: "/a#c",
          search: "?b=1",
          referrer: "https://news.test/item",
          title: "A"
        },
        screen: { width: 1440, height: 900 },
        browser: { name: "Chrome" },
        os: { name: "Windows", version: "10" },
        device: { type: "desktop" },
        location: { country: "DE", region: "DE-BE", city: "Berlin" }
      }
    })
  })

  it("is an event with its data, of a person that was named", () => {
    const signup = {
      ...event,
      event_type: 2,
      event_name: "signup",
      distinct_id: "u-1",
      event_data: '{"plan":"pro","seats":3}'
    }
    expect(plain(umamiRow(row(1, signup)).event)).toMatchObject({
      type: "track",
      event: "signup",
      userId: "u-1",
      properties: { plan: "pro", seats: 3, tag: "blue", gclid: "g-1" }
    })
    expect(plain(umamiRow(row(1, { ...event, event_type: 3 })).event)).toMatchObject({
      type: "track",
      event: "link"
    })
  })

  it("is a trait of its session, by a row of session_data", () => {
    const trait = {
      session_id: "s-1",
      data_key: "seats",
      string_value: "3.0000",
      number_value: "3.0000",
      date_value: "\\N",
      data_type: "2",
      created_at: "2024-05-01T10:00:00Z"
    }
    const mapped = umamiRow(row(1, trait))
    expect(plain(mapped.event)).toMatchObject({
      type: "identify",
      anonymousId: "s-1",
      traits: { seats: 3 }
    })
    expect(idOf(umamiRow(row(2, trait)))).toBe(idOf(mapped))
    const flag = { ...trait, number_value: "", string_value: "true", data_type: 3 }
    expect(plain(umamiRow(row(1, flag)).event)).toMatchObject({
      traits: { seats: true }
    })
  })

  it("is none without an id or a time, nor as data of another row", () => {
    expect(umamiRow(row(1, { ...event, event_id: "" })).reason).toBe("no event_id")
    expect(umamiRow(row(1, { ...event, created_at: "then" })).reason).toBe(
      "created_at is not readable"
    )
    expect(umamiRow(row(1, { event_id: "e", data_key: "plan" })).reason).toContain(
      "join it to website_event"
    )
  })
})

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
