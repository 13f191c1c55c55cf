import { describe, expect, it } from "bun:test"
import { mixpanelRow } from "@analytics/data-processing/import/mixpanelRow"
import { mixpanelRoutes } from "@analytics/data-processing/protocols/mixpanel"
import fc from "fast-check"
import { row } from "../../src/readers/Row.ts"
import { NOW, requestOf, take } from "./take.ts"
import { routeIn } from "./visits.ts"

const track = routeIn(mixpanelRoutes, "/track")
const engage = routeIn(mixpanelRoutes, "/engage")
const groups = routeIn(mixpanelRoutes, "/groups")
const imports = routeIn(mixpanelRoutes, "/import")

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64")

const one = (properties: object, event = "Paid") => {
  const body = JSON.stringify({ event, properties: { token: "KEY", ...properties } })
  const { events, rejected } = take(track, body)
  if (events[0] === undefined) throw new Error(rejected[0]?.reason)
  return events[0]
}

const profile = (update: object) =>
  take(engage, JSON.stringify({ $token: "KEY", $distinct_id: "u", ...update }))
    .events[0]

describe("an event of Mixpanel", () => {
  it("is read however it is wrapped", () => {
    // A text whose base64 has a plus sign, which clients leave unescaped.
    const event = { event: "E>>>?", properties: { token: "KEY", distinct_id: "ü~~>" } }
    expect(base64(event)).toContain("+")
    const escaped = (text: string) => new URLSearchParams({ data: text }).toString()
    const json = JSON.stringify(event)
    const wrapped: ReadonlyArray<readonly [body: string, query: string]> = [
      [`data=${base64(event)}`, ""],
      [`data=${base64([event])}&verbose=1`, ""],
      [escaped(base64(event)), ""],
      [escaped(json), ""],
      ["", escaped(base64(event))],
      ["", escaped(json)],
      [json, ""],
      [`[${json}]`, ""],
      [`${json}\n${json}\n`, ""]
    ]
    for (const [body, query] of wrapped) {
      const { events, keys } = take(track, body, { query })
      expect(keys).toEqual(["KEY"])
      expect(events[0]).toMatchObject({ e: "E>>>?", u: "ü~~>" })
    }
  })

  it("keeps every property, in Segment's words where there are such", () => {
    const event = one({
      distinct_id: "u",
      $insert_id: "i",
      ip: "198.51.100.9",
      $os: "iOS",
      $app_version_string: "4.2",
      $model: "iPhone",
      $city: "Wien",
      mp_lib: "swift",
      $lib_version: "4",
      $browser: "Safari",
      $current_url: "https://x.test/a?b=1",
      $referrer: "$direct",
      price: 9
    })
    expect(event).toMatchObject({ m: "i", u: "u", ip: "198.51.100.9" })
    expect(event.d).toEqual({
      $browser: "Safari",
      $current_url: "https://x.test/a?b=1",
      $referrer: "$direct",
      price: 9
    })
    expect(event.c).toEqual({
      ip: "198.51.100.9",
      page: { url: "https://x.test/a?b=1", path: "/a", search: "?b=1" },
      os: { name: "iOS" },
      app: { version: "4.2" },
      device: { model: "iPhone" },
      location: { city: "Wien" },
      library: { name: "swift", version: "4" }
    })
  })

  it("is at its own time, in seconds or milliseconds", () => {
    const at = Date.parse("2026-03-01T10:00:00.000Z")
    for (const time of [at, at / 1000, String(at / 1000)])
      expect(one({ distinct_id: "u", time }).t).toBe(at)
    expect(one({ distinct_id: "u", time: at / 1000 + 0.25 }).t).toBe(at + 250)
    expect(one({ distinct_id: "u" }).t).toBe(NOW)
  })

  it("is of a user, a device, both or nobody", () => {
    const of = (properties: object) => {
      const { a, u } = one(properties)
      return [u, a]
    }
    expect(of({ distinct_id: "u" })).toEqual(["u", undefined])
    expect(of({ distinct_id: 7 })).toEqual(["7", undefined])
    expect(of({ distinct_id: "$device:d" })).toEqual([undefined, "d"])
    expect(of({ distinct_id: "$device:d", $device_id: "d" })).toEqual([undefined, "d"])
    expect(of({ distinct_id: "d", $device_id: "d" })).toEqual([undefined, "d"])
    expect(of({ distinct_id: "u", $device_id: "d", $user_id: "u" })).toEqual(["u", "d"])
    expect(of({ $user_id: "u" })).toEqual(["u", undefined])
    expect(of({ distinct_id: "" })).toEqual([undefined, undefined])
    expect(of({})).toEqual([undefined, undefined])
  })

  it("may only tell of ids", () => {
    expect(
      one({ $identified_id: "u", $anon_id: "$device:d", $insert_id: "i" }, "$identify")
    ).toMatchObject({ m: "i", y: "identify", u: "u", a: "d", d: {} })
    expect(one({ distinct_id: "d", alias: "u" }, "$create_alias")).toMatchObject({
      y: "alias",
      v: "d",
      u: "u"
    })
    const merge = {
      event: "$merge",
      properties: { $distinct_ids: ["a", "b", "c"], $insert_id: "i", token: "KEY" }
    }
    expect(
      take(track, JSON.stringify(merge)).events.map(({ m, u, v }) => [m, v, u])
    ).toEqual([
      ["i", "a", "c"],
      ["i$merge1", "b", "c"]
    ])
  })

  it("does not make the user before an anonymous id of the next one", () => {
    // As the browser's library says it of a second user of a device without `reset`.
    const next = { distinct_id: "b", $user_id: "b", $device_id: "d" }
    const second = one({ ...next, $anon_distinct_id: "a" }, "$identify")
    expect(second).toMatchObject({ u: "b", a: "d" })
    expect(second.c).toEqual({ mixpanel: { $anon_distinct_id: "a" } })
    for (const before of ["d", "$device:d"])
      expect(one({ ...next, $anon_distinct_id: before }, "$identify").a).toBe("d")
    expect(one({ distinct_id: "b", $anon_distinct_id: "x" }, "$identify").a).toBe("x")
  })

  it("keeps what has no place, by its own name", () => {
    expect(one({ distinct_id: "x", $user_id: "u", ip: 1 }).d).toEqual({
      distinct_id: "x",
      ip: 1
    })
    const alias = one({ distinct_id: "d", alias: "u", note: "n" }, "$create_alias")
    expect(alias.c).toEqual({ mixpanel: { note: "n" } })
    const identify = one({ $identified_id: "u", $browser: "Safari" }, "$identify")
    expect(identify.c).toEqual({ mixpanel: { $browser: "Safari" } })
  })

  it("is a page view where the browser's library saw a page", () => {
    const page = one(
      { distinct_id: "u", $current_url: "https://x.test/a", current_page_title: "A" },
      "$mp_web_page_view"
    )
    expect(page).toMatchObject({
      y: "page",
      e: "$pageview",
      c: { page: { path: "/a", title: "A" } }
    })
  })
})

describe("a profile of Mixpanel", () => {
  it("adds numbers of any length, in quotes too", () => {
    const update = `{"$token":"KEY","$distinct_id":"u","$set":{"a":1},"$add":{"n":9007199254740993,"m":"2.5"}}`
    const [event] = take(engage, update).events
    expect(event?.y).toBe("identify")
    expect(JSON.stringify(event?.d)).toBe(
      `{"a":1,"$add":{"n":9007199254740993,"m":2.5}}`
    )
  })

  it("changes by every operation", () => {
    expect(
      profile({
        $set: { a: 1 },
        $set_once: { b: 2 },
        $add: { c: 3, d: "1.5" },
        $append: { e: "x" },
        $union: { f: ["y"] },
        $remove: { g: "z" },
        $unset: ["h"],
        $ip: "198.51.100.9",
        $time: 1_772_359_200,
        $ignore_alias: true
      })
    ).toMatchObject({
      y: "identify",
      u: "u",
      t: 1_772_359_200_000,
      ip: "198.51.100.9",
      d: {
        a: 1,
        $set_once: { b: 2 },
        $add: { c: 3, d: 1.5 },
        $append: { e: ["x"] },
        $union: { f: ["y"] },
        $remove: { g: ["z"] },
        $unset: { h: true }
      },
      c: { mixpanel: { $ignore_alias: true } }
    })
    expect(profile({ $delete: "" })?.d).toEqual({ $clear: true })
  })

  it("may be a group's, and makes nobody a member", () => {
    const update = {
      $token: "KEY",
      $group_key: "company",
      $group_id: "acme",
      $set: { name: "ACME" }
    }
    const [event] = take(groups, JSON.stringify([update])).events
    expect(event).toMatchObject({
      y: "group",
      g: "acme",
      gt: "company",
      d: { name: "ACME" }
    })
    expect(event?.u).toBeUndefined()
  })
})

describe("what Mixpanel's clients hear", () => {
  const good = { event: "E", properties: { token: "KEY", distinct_id: "u" } }
  const form = (value: unknown) => `data=${base64(value)}`

  it("is 1, or more where they ask for it", () => {
    const answer = (query: string) => take(track, form(good), { query }).answer?.body
    expect(answer("verbose=0&ip=0")).toBe("1")
    expect(answer("verbose=1")).toBe('{"error":null,"status":1}')
    expect(answer("redirect=https%3A%2F%2Fevil.test")).toBe("1")
    expect(answer("img=1")).toBeInstanceOf(Uint8Array)
    // Some libraries put their options into the form.
    const inForm = take(track, `${form(good)}&verbose=1`)
    expect(inForm.answer?.body).toBe('{"error":null,"status":1}')
  })

  it("is 0 with a status by which they try again or do not", () => {
    const refused = { kind: "unavailable", status: 503, detail: "why" } as const
    const answer = (route: typeof track, query: string) =>
      route.refuse?.(refused, new URLSearchParams(query))
    expect(answer(track, "verbose=0")).toMatchObject({ status: 503, body: "0" })
    expect(answer(track, "verbose=1")).toMatchObject({
      status: 503,
      body: '{"error":"why","status":0}'
    })
    expect(answer(imports, "strict=1")).toMatchObject({
      status: 503,
      body: '{"code":503,"error":"why","status":"Service Unavailable"}'
    })
  })

  it("keeps what is no event where it cannot be told", () => {
    const { answer, events, rejected } = take(track, form([good, { event: 1 }, "x"]))
    expect(answer?.body).toBe("1")
    expect(rejected).toEqual([])
    expect(events.map(({ q }) => q)).toEqual([undefined, "malformed", "malformed"])
  })

  it("names the records of an import that were not taken", () => {
    const bad = { event: "E", properties: { $insert_id: "i", distinct_id: [] } }
    const other = { event: "E", properties: { token: "OTHER", distinct_id: "u" } }
    const body = JSON.stringify([
      good,
      { properties: {} },
      { ...bad, event: "" },
      other
    ])
    const { answer, events } = take(imports, body)
    expect(events.length).toBe(1)
    expect(answer?.status).toBe(400)
    expect(JSON.parse(String(answer?.body))).toMatchObject({
      code: 400,
      status: "Bad Request",
      num_records_imported: 1,
      failed_records: [
        { index: 1, insert_id: "", field: "event" },
        { index: 2, insert_id: "i", field: "event" },
        { index: 3, insert_id: "", field: "properties.token" }
      ]
    })
    const lenient = take(imports, body, { query: "strict=0" })
    expect(lenient.answer?.status).toBe(200)
    expect(lenient.events.length).toBe(4)
    const taken = take(imports, JSON.stringify([good])).answer
    expect(String(taken?.body)).toBe(
      '{"code":200,"num_records_imported":1,"status":"OK"}'
    )
  })

  it("takes the connection's address for a visitor's only where they say so", () => {
    const ip = (query: string, headers = {}) =>
      take(track, form(good), { query, headers }).events[0]?.ip
    expect(ip("ip=1")).toBe("203.0.113.7")
    expect(ip("ip=0", { origin: "https://x.test" })).toBeUndefined()
    expect(ip("", { origin: "https://x.test" })).toBe("203.0.113.7")
    expect(ip("")).toBeUndefined()
  })
})

describe("a line of Mixpanel's export", () => {
  const time = 1_772_359_200
  const exported = {
    event: "Paid",
    properties: {
      time,
      distinct_id: "u",
      $insert_id: "i",
      price: 9,
      $browser: "Safari"
    }
  }

  it("is the event that came live, by the same id", () => {
    expect(mixpanelRow(row(1, exported), "file").event).toEqual({
      type: "track",
      event: "Paid",
      messageId: one(exported.properties).m,
      userId: "u",
      timestamp: time,
      properties: { price: 9, $browser: "Safari" }
    })
  })

  it("has an id of its place where the event had none, and must have a time", () => {
    const anonymous = { event: "E", properties: { time } }
    expect(mixpanelRow(row(4, anonymous), "imp-1").event).toMatchObject({
      messageId: "imp-1-4",
      userId: ""
    })
    expect(mixpanelRow(row(1, { event: "E", properties: {} }), "file").reason).toBe(
      "properties.time is missing"
    )
  })

  it("may be a profile", () => {
    const fields = {
      $distinct_id: "u",
      $properties: { plan: "pro", $last_seen: "2026-03-01T10:00:00" }
    }
    expect(mixpanelRow(row(2, fields), "imp-1").event).toEqual({
      type: "identify",
      messageId: "imp-1-2",
      userId: "u",
      timestamp: "2026-03-01T10:00:00",
      traits: { plan: "pro", $last_seen: "2026-03-01T10:00:00" }
    })
  })
})

it("never throws, and loses nothing that it takes", () => {
  const properties = fc.dictionary(
    fc.constantFrom("time", "distinct_id", "$distinct_ids", "alias", "ip", "x"),
    fc.jsonValue()
  )
  const event = fc.record({
    event: fc.constantFrom("E", "$identify", "$create_alias", "$merge", ""),
    properties
  })
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.jsonValue(), event), { minLength: 1 }),
      (items) => {
        for (const route of mixpanelRoutes) {
          const { events } = take(route, JSON.stringify(items), { query: "strict=0" })
          expect(events.length).toBeGreaterThanOrEqual(items.length)
        }
      }
    )
  )
  fc.assert(
    fc.property(fc.string(), (body) => {
      for (const route of mixpanelRoutes) route.read(requestOf(route, body, {}))
    })
  )
})
