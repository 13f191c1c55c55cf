import { describe, expect, it } from "bun:test"
import { amplitudeRow } from "@analytics/data-processing/import/amplitudeRow"
import { amplitudeRoutes } from "@analytics/data-processing/protocols/amplitude"
import fc from "fast-check"
import { row } from "../../src/readers/Row.ts"
import { NOW, requestOf, take } from "./take.ts"
import { routeIn } from "./visits.ts"

const route = routeIn(amplitudeRoutes, "/2/httpapi")
const MINUTE = 60_000

const send = (events: ReadonlyArray<unknown>, more: object = {}) =>
  take(route, JSON.stringify({ api_key: "KEY", events, ...more }))

const one = (event: object, more: object = {}) => {
  const { events, rejected } = send(
    [{ user_id: "u-1", event_type: "Paid", insert_id: "i-1", ...event }],
    more
  )
  if (events[0] === undefined) throw new Error(rejected[0]?.reason)
  return events[0]
}

const bodyOf = (answer: { body: string | Uint8Array } | undefined) =>
  JSON.parse(String(answer?.body))

describe("an event of Amplitude", () => {
  it("keeps every field, in Segment's words where there are such", () => {
    const event = one({
      device_id: "d-1",
      event_properties: { items: 2 },
      ip: "198.51.100.9",
      platform: "iOS",
      os_name: "ios",
      os_version: "19.1",
      device_model: "iPhone",
      app_version: "4.2",
      version_name: "4.2-b",
      language: "de",
      country: "Austria",
      location_lat: 48.2,
      session_id: 1_795_379_704_000,
      library: "amplitude-ts/2.1",
      plan: { branch: "main" },
      partner_id: "p"
    })
    expect(event).toMatchObject({
      m: "i-1",
      u: "u-1",
      a: "d-1",
      ip: "198.51.100.9",
      d: { items: 2 }
    })
    expect(event.c).toEqual({
      ip: "198.51.100.9",
      locale: "de",
      sessionId: 1_795_379_704_000,
      library: { name: "amplitude-ts", version: "2.1" },
      device: { type: "iOS", model: "iPhone" },
      os: { name: "ios", version: "19.1" },
      app: { version: "4.2" },
      location: { country: "Austria", latitude: 48.2 },
      amplitude: { version_name: "4.2-b", plan: { branch: "main" }, partner_id: "p" }
    })
    expect(one({ ip: "$remote" }).ip).toBe("203.0.113.7")
  })

  it("corrects the clock by client_upload_time, but not history", () => {
    const late = NOW - 5 * MINUTE
    const sent = { client_upload_time: new Date(late).toISOString() }
    expect(one({ time: late - MINUTE }, sent).t).toBe(NOW - MINUTE)
    expect(one({ time: 1_740_823_200_123 }, sent).t).toBe(1_740_823_200_123)
    expect(one({ time: late }).t).toBe(late)
  })

  it("counts price times quantity, and leaves the client's own names alone", () => {
    expect(one({ price: 0.1, quantity: 3, productId: "p" }).d).toEqual({
      price: 0.1,
      quantity: 3,
      productId: "p",
      revenue: 0.3
    })
    expect(one({ price: 5, revenue: 1, currency: "EUR" }).d).toMatchObject({
      revenue: 5,
      currency: "EUR"
    })
    expect(one({ revenue: 7 }).d).toEqual({ revenue: 7 })
    expect(
      one({ event_properties: { $price: 2, $quantity: 4, $currency: "USD" } }).d
    ).toEqual({
      $price: 2,
      $quantity: 4,
      $currency: "USD",
      revenue: 8,
      currency: "USD"
    })
    const own = one({ price: 2, event_properties: { price: "low", revenue: "none" } })
    expect(own.d).toEqual({ price: "low", revenue: "none" })
    expect(own.c).toEqual({ amplitude: { price: 2 } })
  })

  it("is a page view where autocapture saw a page", () => {
    const page = one({
      event_type: "[Amplitude] Page Viewed",
      event_properties: {
        "[Amplitude] Page Location": "https://x.test/a?utm_source=s",
        "[Amplitude] Page Title": "A",
        referrer: "https://r.test/"
      }
    })
    expect(page).toMatchObject({ y: "page", e: "$pageview" })
    expect(page.c?.["page"]).toEqual({
      url: "https://x.test/a?utm_source=s",
      path: "/a",
      search: "?utm_source=s",
      referrer: "https://r.test/",
      title: "A"
    })
  })

  it("changes traits by every operation, beside an event too", () => {
    const { events } = send([
      {
        user_id: "u",
        event_type: "$identify",
        insert_id: "i",
        user_properties: {
          $set: { a: 1 },
          $setOnce: { b: 2 },
          $add: { c: 3, k: "9007199254740993", l: "-1.5", m: "no" },
          $append: { d: "x" },
          $prepend: { e: ["y"] },
          $preInsert: { f: "z" },
          $postInsert: { g: "w" },
          $remove: { h: "v" },
          $unset: { i: "-" },
          $clearAll: "-"
        }
      },
      {
        user_id: "u",
        event_type: "E",
        insert_id: "j",
        user_properties: { plan: "pro" }
      }
    ])
    expect(events.map(({ d, m, y }) => [m, y, d])).toEqual([
      [
        "i",
        "identify",
        {
          a: 1,
          $set_once: { b: 2 },
          // Numbers in quotes are numbers to Amplitude.
          $add: {
            c: 3,
            k: expect.objectContaining({ rawJSON: "9007199254740993" }),
            l: -1.5,
            m: "no"
          },
          $append: { d: ["x"] },
          $prepend: { e: ["y"] },
          $union: { f: ["z"], g: ["w"] },
          $remove: { h: ["v"] },
          $unset: { i: true },
          $clear: true
        }
      ],
      ["j", "track", {}],
      ["j$set", "identify", { plan: "pro" }]
    ])
  })

  it("tells membership in groups from what is known of them", () => {
    const groups = { company: "acme", team: ["a", "b"] }
    const { events } = send([
      { user_id: "u", event_type: "$identify", insert_id: "i", groups },
      {
        user_id: "u",
        event_type: "$groupidentify",
        insert_id: "j",
        groups: { company: "acme" },
        group_properties: { $set: { name: "ACME" } }
      },
      { user_id: "u", event_type: "E", insert_id: "k", groups }
    ])
    expect(events.map(({ d, g, gt, m, u }) => [m, u, gt, g, d])).toEqual([
      ["i", "u", undefined, undefined, {}],
      ["i$group", "u", "company", "acme", undefined],
      ["i$group1", "u", "team", "a", undefined],
      ["i$group2", "u", "team", "b", undefined],
      ["j", undefined, "company", "acme", { name: "ACME" }],
      ["k", "u", "company", "acme", { $groups: groups }]
    ])
  })
})

describe("what has no place in an event of Amplitude", () => {
  it("is in the context, by its own name", () => {
    const identify = { event_type: "$identify", event_properties: { a: 1 }, price: 2 }
    expect(one(identify).c).toEqual({
      amplitude: { event_properties: { a: 1 }, price: 2 }
    })
    const group = {
      event_type: "$groupidentify",
      groups: { company: "acme" },
      user_properties: { a: 1 }
    }
    expect(one(group).c).toEqual({
      amplitude: { user_properties: { a: 1 }, user_id: "u-1" }
    })
    expect(one({ groups: { company: { no: "id" } }, ip: 7 })).toMatchObject({
      d: { $groups: { company: { no: "id" } } },
      c: { amplitude: { ip: 7 } }
    })
  })

  it("is refused where it would change a trait in no known way", () => {
    const { rejected } = send([
      { user_id: "u", event_type: "$identify", user_properties: { $set: "x" } }
    ])
    expect(rejected[0]?.reason).toStartWith("user_properties.$set must be an object")
  })
})

describe("what Amplitude's client hears", () => {
  it("is how many events were taken", () => {
    const { answer } = send([{ user_id: "u", event_type: "E" }])
    expect(bodyOf(answer)).toEqual({
      code: 200,
      events_ingested: 1,
      payload_size_bytes: 61,
      server_upload_time: NOW
    })
  })

  it("names the events to drop, and takes none of the others", () => {
    const { answer, rejected } = send([
      { user_id: "u", event_type: "E" },
      { event_type: "E" },
      { user_id: "u" },
      { user_id: { no: "id" }, event_type: "E" },
      { user_id: "u", event_type: "E", event_properties: [1] },
      "no event"
    ])
    expect(rejected.length).toBe(5)
    expect(answer?.status).toBe(400)
    expect(bodyOf(answer)).toMatchObject({
      code: 400,
      events_with_missing_fields: { user_id: [1], event_type: [2] },
      events_with_invalid_fields: { user_id: [3], event_properties: [4], an: [5] }
    })
  })

  it("says the code in the body, since the client looks at nothing else", () => {
    for (const [kind, code] of [
      ["tooLarge", 413],
      ["tooMany", 429],
      ["unavailable", 503],
      ["unauthorized", 400]
    ] as const) {
      const refused = { kind, status: 401, detail: "why" }
      const answer = route.refuse?.(refused, new URLSearchParams())
      expect(answer?.status).toBe(code)
      expect(bodyOf(answer)).toMatchObject({ code })
      // By this beginning the client knows that no other try will do.
      const isDropped = bodyOf(answer).error.startsWith("Invalid API key")
      expect(isDropped).toBe(kind === "unauthorized")
    }
  })
})

describe("Amplitude's older endpoints", () => {
  const form = (fields: Record<string, string>) =>
    new URLSearchParams(fields).toString()

  it.each(["body", "query"])("take properties of users and groups as a %s", (where) => {
    const users = form({
      api_key: "KEY",
      identification: JSON.stringify([{ user_id: "u", user_properties: { a: 1 } }])
    })
    const groups = form({
      api_key: "KEY",
      identification: JSON.stringify({
        group_type: "company",
        group_value: "acme",
        group_properties: { size: 9 }
      })
    })
    const sent = (path: string, text: string) =>
      where === "body"
        ? take(routeIn(amplitudeRoutes, path), text)
        : take(routeIn(amplitudeRoutes, path), "", { query: text })
    const user = sent("/identify", users)
    expect(user.events).toMatchObject([{ y: "identify", u: "u", d: { a: 1 } }])
    expect(user.answer?.body).toBe("success")
    expect(user.keys).toEqual(["KEY"])
    expect(sent("/groupidentify", groups).events).toMatchObject([
      { y: "group", g: "acme", gt: "company", d: { size: 9 } }
    ])
  })
})

describe("a row of Amplitude's export", () => {
  const exported = {
    $insert_id: "i-1",
    user_id: "u-1",
    device_id: "d-1",
    event_type: "Paid",
    event_time: "2026-03-01 10:00:00.123000",
    client_event_time: "2026-03-01 10:00:04.000000",
    event_properties: { items: 2 },
    user_properties: { plan: "pro" },
    groups: { company: ["acme"] },
    group_properties: {},
    ip_address: "198.51.100.9",
    amplitude_id: 7,
    idfa: null,
    data: {}
  }

  it("is the event that came live, by the same id", () => {
    const { events } = amplitudeRow(row(1, exported), "file")
    const live = { time: Date.parse("2026-03-01T10:00:00.123Z"), device_id: "d-1" }
    expect(events).toMatchObject([
      {
        type: "track",
        messageId: one(live).m,
        timestamp: "2026-03-01 10:00:00.123000",
        event: "Paid",
        userId: "u-1",
        anonymousId: "d-1",
        groupType: "company",
        groupId: "acme",
        properties: { items: 2 },
        context: { ip: "198.51.100.9", amplitude: { amplitude_id: 7 } }
      },
      { type: "identify", messageId: "i-1$set", traits: { plan: "pro" } }
    ])
  })

  it("reads JSON in columns, and says what is missing", () => {
    const text = { ...exported, event_properties: '{"items":2}', user_properties: "{}" }
    expect(amplitudeRow(row(1, text), "file").event).toMatchObject({
      properties: { items: 2 }
    })
    const { event_time: _, ...timeless } = exported
    expect(amplitudeRow(row(1, timeless), "file")).toEqual({
      reason: "event_time is missing"
    })
  })
})

it("never throws, and loses no event that it takes", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.jsonValue(),
          fc.record({ event_type: fc.string({ minLength: 1 }), user_id: fc.string() })
        )
      ),
      (events) => {
        const { answer, events: taken, rejected } = send(events)
        if (rejected.length > 0) expect(answer?.status).toBe(400)
        else expect(taken.length).toBeGreaterThanOrEqual(events.length)
      }
    )
  )
  fc.assert(
    fc.property(fc.string(), (body) => {
      for (const each of amplitudeRoutes) each.read(requestOf(each, body, {}))
    })
  )
})
