import { describe, expect, it } from "bun:test"
import { gzipSync } from "node:zlib"
import { judge } from "@analytics/data-processing/protocols/judge"
import type {
  ProtocolRequest,
  ProtocolRoute
} from "@analytics/data-processing/protocols/Protocol"
import { posthogRoutes } from "@analytics/data-processing/protocols/posthog"
import { posthogFlagsRoutes } from "@analytics/data-processing/protocols/posthogFlags"
import { posthogV1Routes } from "@analytics/data-processing/protocols/posthogV1"
import fc from "fast-check"
import { routeIn, visitAt } from "./visits.ts"

const NOW = Date.parse("2026-11-23T12:10:00.000Z")
const DEVICE = { ip: "203.0.113.7", userAgent: "A" }
const ANONYMOUS = "0195f2a0-0000-7000-8000-00000000000a"
const routes = [...posthogRoutes, ...posthogV1Routes, ...posthogFlagsRoutes]

interface Sent {
  readonly path?: string
  readonly method?: "GET" | "POST"
  readonly query?: string
  readonly headers?: Record<string, string>
}

const readingOf = (
  body: string,
  { headers = {}, method = "POST", path = "/batch", query = "" }: Sent = {},
  route: ProtocolRoute = routeIn(routes, path)
) => {
  const request: ProtocolRequest = {
    method,
    path,
    query: new URLSearchParams(query),
    headers: new Headers(headers),
    body,
    bytes: Buffer.byteLength(body)
  }
  return { route, reading: route.read(request) }
}

const taken = (body: string, sent?: Sent) => {
  const { reading, route } = readingOf(body, sent)
  if (reading._tag === "Unreadable") throw new Error(reading.reason)
  const { events, rejected } = judge(
    route,
    reading,
    Buffer.byteLength(body),
    { projectId: 1, receivedAt: NOW, maxEventBytes: 1024 * 1024, testMode: false },
    visitAt(NOW, DEVICE)
  )
  const answer = reading.answer({ accepted: events.length, rejected, warnings: [] })
  return { reading, events, rejected, answer }
}

const eventsOf = (event: object, envelope: object = {}) =>
  taken(JSON.stringify({ api_key: "k", batch: [event], ...envelope })).events

const eventOf = (event: object, envelope?: object) => {
  const [first] = eventsOf(event, envelope)
  if (first === undefined) throw new Error("no event")
  return first
}

const signup = { event: "signed up", distinct_id: "u1", uuid: "m1" }

describe("whose an event of PostHog is", () => {
  const idsOf = (distinct_id: string, properties: object) => {
    const { a, u } = eventOf({ event: "e", distinct_id, properties })
    return { a, u }
  }

  it("is a user's, and the device is not linked to the user", () => {
    expect(idsOf("u1", { $device_id: "d1", $is_identified: true })).toEqual({
      u: "u1",
      a: undefined
    })
    // Two users of one device stay two.
    expect(idsOf("u2", { $device_id: "d1" }).a).toBeUndefined()
  })

  it.each([
    ["its own device id", { $device_id: ANONYMOUS }],
    ["not identified", { $is_identified: false }],
    ["an id made up by a server", { $process_person_profile: false }]
  ])("is nobody's known yet: %s", (_, properties) => {
    expect(idsOf(ANONYMOUS, properties)).toEqual({ a: ANONYMOUS, u: undefined })
  })

  it("is a user's without a profile where the id is no device's", () => {
    expect(idsOf("u1", { $process_person_profile: false }).u).toBe("u1")
  })

  it("is a visitor's of a day where the device keeps nothing", () => {
    const properties = { $cookieless_mode: true, $host: "x.test", $device_id: null }
    const { a, u } = idsOf("$posthog_cookieless", properties)
    expect(u).toBeUndefined()
    expect(a).toMatch(/^[0-9a-f]{32}$/)
    expect(idsOf("$posthog_cookieless", properties).a).toBe(a)
    expect(idsOf("$posthog_cookieless", { $host: "y.test" }).a).not.toBe(a)
  })

  it("may be named in the properties, as by browsers, or by a number", () => {
    expect(eventOf({ event: "e", properties: { distinct_id: 7 } }).u).toBe("7")
  })
})

describe("what an event of PostHog becomes", () => {
  it("keeps its properties as they were sent", () => {
    const properties = { a: [1, { b: null }], $groups: { company: "acme", team: 7 } }
    expect(eventOf({ ...signup, properties })).toMatchObject({
      y: "track",
      e: "signed up",
      d: properties,
      gt: "company",
      g: "acme"
    })
  })

  it("changes traits beside an event, and the same event has the same ids", () => {
    const properties = { $set: { plan: "pro", name: "A" }, $unset: ["trial"] }
    const events = eventsOf({ ...signup, $set: { plan: "free" }, properties })
    expect(events.map(({ m, y }) => [m, y])).toEqual([
      ["m1", "track"],
      ["m1$set", "identify"]
    ])
    expect(events[1]?.d).toEqual({
      plan: "free",
      name: "A",
      $unset: { trial: true }
    })
    expect(events[1]?.u).toBe("u1")
  })

  it("changes no traits of a person without a profile, nor with nothing to change", () => {
    const $set = { plan: "pro" }
    const properties = { $set, $process_person_profile: false }
    expect(eventsOf({ ...signup, properties })).toHaveLength(1)
    // What stands beside the properties and changes nothing is kept in them.
    const personless = { $process_person_profile: false }
    const kept = eventsOf({ ...signup, $set, properties: personless })
    expect(kept.map(({ d }) => d)).toEqual([{ ...personless, $set }])
    expect(
      eventsOf({ ...signup, properties: { $set: {}, $set_once: {} } })
    ).toHaveLength(1)
  })

  it("changes traits beside an alias, and by names from wherever they stand", () => {
    // As posthog-js says once what it saw of a person first.
    const alias = { event: "$create_alias", distinct_id: ANONYMOUS, uuid: "m2" }
    const $set_once = { $initial_referrer: "$direct" }
    const properties = { alias: "u1", $device_id: ANONYMOUS }
    const events = eventsOf({ ...alias, $set_once, properties })
    expect(events.map(({ a, d, m, u, y }) => ({ a, d, m, u, y }))).toMatchObject([
      { m: "m2", y: "alias", u: ANONYMOUS },
      { m: "m2$set", y: "identify", a: ANONYMOUS, d: { $set_once } }
    ])
    const unset = eventsOf({
      ...signup,
      event: "$set",
      $unset: ["a"],
      properties: { $unset: ["b"] }
    })
    expect(unset[0]?.d).toEqual({ $unset: { a: true, b: true } })
    const group = { $group_type: "t", $group_key: "k" }
    expect(
      eventOf({ ...signup, event: "$groupidentify", $set_once, properties: group }).c
    ).toEqual({ properties: { $set_once } })
  })

  it("has the id that PostHog's exports say, which write capitals as small", () => {
    const uuid = "0195F2A0-0000-7000-8000-00000000000B"
    const events = eventsOf({ ...signup, uuid, properties: { $set: { a: 1 } } })
    const small = uuid.toLowerCase()
    expect(events.map(({ m }) => m)).toEqual([small, `${small}$set`])
    expect(eventOf({ ...signup, uuid: "Order-1" }).m).toBe("Order-1")
  })

  it("says who a device belongs to", () => {
    const event = eventOf({
      event: "$identify",
      distinct_id: "u1",
      $set: { plan: "pro" },
      $set_once: { first: 1 },
      properties: { $anon_distinct_id: ANONYMOUS, $is_identified: true, x: 1 }
    })
    expect(event).toMatchObject({ y: "identify", u: "u1", a: ANONYMOUS })
    expect(event.d).toEqual({ plan: "pro", $set_once: { first: 1 } })
    // What is neither a trait nor an id is not lost.
    expect(event.c?.["properties"]).toMatchObject({ x: 1 })
  })

  it.each(["$create_alias", "$merge_dangerously"])(
    "makes one of two ids: %s",
    (event) => {
      const properties = { alias: "old", distinct_id: "u1" }
      expect(eventOf({ event, distinct_id: "u1", properties })).toMatchObject({
        y: "alias",
        u: "u1",
        v: "old"
      })
    }
  )

  it("sets traits of a group, and makes nobody of the id that servers make up", () => {
    const properties = {
      $group_type: "company",
      $group_key: "acme",
      $group_set: { seats: 3 }
    }
    const grouped = (distinct_id: string) =>
      eventOf({ event: "$groupidentify", distinct_id, properties })
    expect(grouped("$company_acme")).toMatchObject({
      y: "group",
      g: "acme",
      gt: "company",
      d: { seats: 3 }
    })
    expect(grouped("$company_acme").u).toBeUndefined()
    expect(grouped("u1").u).toBe("u1")
  })

  it("is a page or a screen with its place, session and client", () => {
    const page = eventOf({
      event: "$pageview",
      distinct_id: "u1",
      properties: {
        $current_url: "https://x.test/a?utm_source=b",
        $pathname: "/a",
        $referrer: "$direct",
        title: "A",
        $session_id: "s1",
        $lib: "web",
        $lib_version: "1.0",
        $raw_user_agent: "Mozilla/5.0",
        $ip: "203.0.113.9"
      }
    })
    expect(page).toMatchObject({ y: "page", ip: "203.0.113.9" })
    expect(page.c).toEqual({
      library: { name: "web", version: "1.0" },
      page: {
        url: "https://x.test/a?utm_source=b",
        path: "/a",
        search: "?utm_source=b",
        title: "A"
      },
      sessionId: "s1",
      userAgent: "Mozilla/5.0",
      ip: "203.0.113.9"
    })
    const screen = { event: "$screen", distinct_id: "u1" }
    expect(
      eventOf({ ...screen, properties: { $screen_name: "Home" } }).d
    ).toMatchObject({ name: "Home" })
  })

  it("is not looked up by its address where it asks so", () => {
    const properties = { $ip: "203.0.113.9", $geoip_disable: true }
    expect(eventOf({ ...signup, properties }).ip).toBeUndefined()
    const body = JSON.stringify({ ...signup, properties })
    expect(taken(body, { path: "/e" }).reading.withoutAddress).toBe(true)
    // Two years of versions say this with every request, whatever their option `ip` is.
    const usual = { path: "/e", query: "ip=0&_=1795435200000&ver=1.360.0" }
    expect(taken(JSON.stringify(signup), usual).reading.withoutAddress).toBe(false)
    expect(taken(JSON.stringify(signup), { path: "/e" }).reading.withoutAddress).toBe(
      false
    )
  })
})

describe("when an event of PostHog happened", () => {
  const at = (event: object, envelope?: object) =>
    new Date(eventOf({ ...signup, ...event }, envelope).t).toISOString()
  const timestamp = "2026-11-23T12:00:00.000Z"
  const sent_at = "2026-11-23T12:00:30.000Z"

  it("is corrected by the clock of who sent it", () => {
    expect(at({ timestamp }, { sent_at })).toBe("2026-11-23T12:09:30.000Z")
  })

  it("is corrected by the time of the query", () => {
    const body = JSON.stringify([{ ...signup, timestamp }])
    const query = `sent_at=${Date.parse(sent_at)}`
    const [event] = taken(body, { path: "/e", query }).events
    expect(event?.t).toBe(NOW - 30_000)
  })

  it("is what it says in history, and where the client asks so", () => {
    expect(at({ timestamp }, { sent_at, historical_migration: true })).toBe(timestamp)
    expect(at({ timestamp, properties: { $ignore_sent_at: true } }, { sent_at })).toBe(
      timestamp
    )
  })

  it("is so long before it came", () => {
    expect(at({ offset: 2500 })).toBe("2026-11-23T12:09:57.500Z")
  })
})

describe("how a request of PostHog is written", () => {
  const text = JSON.stringify({ token: "k", ...signup, properties: { q: "a+b/ü~>" } })
  const base64 = Buffer.from(text).toString("base64")
  const packed = gzipSync(text).toString("base64")

  it.each([
    ["one event", text, {}],
    ["a list", `[${text}]`, {}],
    ["an envelope", `{"token":"k","batch":[${text}]}`, {}],
    ["a form", `data=${encodeURIComponent(base64)}&compression=base64`, {}],
    ["a form whose plus is not escaped", `data=${base64}`, {}],
    ["a form of JSON", `data=${encodeURIComponent(text)}`, {}],
    ["a packed form", `data=${encodeURIComponent(packed)}`, {}],
    ["Base64 alone", base64, {}],
    [
      "a query whose plus is not escaped",
      "",
      { method: "GET", query: `data=${base64}` }
    ],
    ["a query", "", { method: "GET", query: `data=${encodeURIComponent(base64)}` }]
  ] as const)("%s", (_, body, sent) => {
    const { events, reading } = taken(body, { path: "/e", ...sent })
    expect(reading.keys).toEqual(["k"])
    expect(events[0]).toMatchObject({ m: "m1", u: "u1", d: { q: "a+b/ü~>" } })
  })

  it("has the key of browsers' events, or of the query", () => {
    const body = JSON.stringify([{ ...signup, properties: { token: "k" } }])
    expect(taken(body, { path: "/e" }).reading.keys).toEqual(["k"])
    const route = routeIn(routes, "/e")
    expect(route.keysOf(new Headers(), new URLSearchParams("token=q"))).toEqual(["q"])
  })

  it("may be Amplitude's at /batch", () => {
    const event = { event_type: "e", user_id: "u1", insert_id: "i1" }
    const { events, reading } = taken(JSON.stringify({ api_key: "k", events: [event] }))
    expect(reading.keys).toEqual(["k"])
    expect(events[0]).toMatchObject({ e: "e", u: "u1" })
  })

  it("keeps what is no event, because nobody could be told", () => {
    const { answer, events, rejected } = taken(
      JSON.stringify({ batch: [{ event: "e" }, 7, signup] })
    )
    expect(rejected).toEqual([])
    expect(events.map(({ q }) => q)).toEqual(["malformed", "malformed", undefined])
    expect(answer.status).toBe(200)
  })

  it.each(["", "7", "null", "data=", '{"batch":7}'])("is unreadable: %s", (body) => {
    expect(readingOf(body).reading._tag).toBe("Unreadable")
  })

  it("has browsers send again what they would drop after 429", () => {
    const answerOf = (path: string) =>
      routeIn(routes, path).refuse?.(
        { kind: "tooMany", status: 429, detail: "wait" },
        new URLSearchParams()
      ).status
    expect(answerOf("/e")).toBe(503)
    expect(answerOf("/i/v0/e")).toBe(503)
    expect(answerOf("/batch")).toBe(429)
  })
})

describe("PostHog's protocol that answers event by event", () => {
  const path = "/i/v1/analytics/events"
  const headers = {
    "posthog-sdk-info": "posthog-node/5.70.0",
    "posthog-request-timestamp": "2026-11-23T12:00:30.000Z"
  }
  const v1 = (batch: ReadonlyArray<unknown>, envelope = {}) =>
    taken(JSON.stringify({ created_at: "2026-11-23T11:00:00Z", batch, ...envelope }), {
      path,
      headers
    })
  const event = {
    ...signup,
    timestamp: "2026-11-23T12:00:00.000Z",
    session_id: "s1",
    options: { process_person_profile: false, cookieless_mode: null },
    properties: { x: 1 }
  }

  it("says of each what became of it", () => {
    const { answer, events } = v1([event, { ...event, uuid: "m2", distinct_id: "" }])
    expect(JSON.parse(String(answer.body))).toEqual({
      results: {
        m1: { result: "ok" },
        m2: { result: "drop", details: expect.stringContaining("distinct_id") }
      }
    })
    expect(events).toHaveLength(1)
  })

  it("puts back what the client took out of the properties", () => {
    const [first] = v1([event]).events
    expect(first?.d).toEqual({
      $process_person_profile: false,
      $session_id: "s1",
      x: 1
    })
    expect(first?.c).toEqual({
      library: { name: "posthog-node", version: "5.70.0" },
      sessionId: "s1"
    })
    // By the clock of this attempt, not of the first.
    expect(first?.t).toBe(NOW - 30_000)
  })
})

describe("what PostHog's clients ask for", () => {
  const bodyOf = (path: string, sent: Sent, body = '{"token":"k"}') => {
    const route = path.startsWith("/array")
      ? path.replace(/^\/array\/[^/]+/, "/array/:token")
      : path
    const { reading } = readingOf(body, { ...sent, path }, routeIn(routes, route))
    if (reading._tag === "Unreadable") throw new Error(reading.reason)
    expect(reading.items).toEqual([])
    const { body: said } = reading.answer({ accepted: 0, rejected: [], warnings: [] })
    return { keys: reading.keys, said: String(said) }
  }

  it("knows no flags, in the words of each version", () => {
    const flags = bodyOf("/flags", { query: "v=2" })
    expect(flags.keys).toEqual(["k"])
    expect(JSON.parse(flags.said)).toEqual({
      flags: {},
      errorsWhileComputingFlags: false
    })
    expect(JSON.parse(bodyOf("/decide", { query: "v=3" }).said)).toMatchObject({
      featureFlags: {},
      sessionRecording: false
    })
    expect(JSON.parse(bodyOf("/decide", {}).said)).toMatchObject({ featureFlags: [] })
  })

  it("records nothing but events, and the script of it is one statement", () => {
    const config = bodyOf("/array/k%22/config", { method: "GET" }, "")
    expect(config.keys).toEqual(['k"'])
    expect(JSON.parse(config.said)).toMatchObject({
      sessionRecording: false,
      surveys: false
    })
    const script = bodyOf("/array/%3C%2Fscript%3E%22/config.js", { method: "GET" }, "")
    expect(script.said).not.toContain("<")
    const window: Record<string, Record<string, unknown>> = {}
    new Function("window", script.said)(window)
    expect(Object.keys(window["_POSTHOG_REMOTE_CONFIG"] ?? {})).toEqual(['</script>"'])
  })

  it("says that recordings are not kept", () => {
    const { keys, said } = bodyOf("/s", {}, '[{"properties":{"token":"k"}}]')
    expect(keys).toEqual(["k"])
    expect(JSON.parse(said)).toEqual({ status: "Ok", quota_limited: ["recordings"] })
  })
})

describe("whatever is sent", () => {
  const name = fc.constantFrom(
    "event",
    "distinct_id",
    "uuid",
    "timestamp",
    "sent_at",
    "offset",
    "options",
    "properties",
    "$set",
    "$unset",
    "$groups",
    "$group_key",
    "alias",
    "$current_url",
    "$anon_distinct_id"
  )
  const leaf = fc.oneof(
    fc.constantFrom("$identify", "$pageview", "$create_alias", "$groupidentify", "\0"),
    fc.jsonValue({ maxDepth: 2 })
  )
  const event = fc.dictionary(
    name,
    fc.oneof(leaf, fc.dictionary(name, leaf, { maxKeys: 5 })),
    { maxKeys: 8 }
  )

  it("has an answer", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("/batch", "/e", "/i/v1/analytics/events", "/flags", "/s"),
        fc.array(fc.oneof(event, leaf), { maxLength: 3 }),
        (path, batch) => {
          const { answer, events, rejected } = taken(JSON.stringify({ batch }), {
            path
          })
          expect(answer.status).toBe(200)
          if (path === "/batch" || path === "/e")
            expect(events.length).toBeGreaterThanOrEqual(batch.length)
          else if (path.startsWith("/i"))
            expect(events.length + rejected.length).toBeGreaterThanOrEqual(batch.length)
        }
      ),
      { numRuns: 300 }
    )
  })
})
