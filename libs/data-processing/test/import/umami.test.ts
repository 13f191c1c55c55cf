import { describe, expect, it } from "bun:test"
import { umamiRow } from "@analytics/data-processing/import/umamiRow"
import { row } from "@analytics/data-processing/readers/Row"
import { event, idOf, plain } from "./webRows.ts"

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
