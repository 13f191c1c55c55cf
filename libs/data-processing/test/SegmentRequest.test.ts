import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { encodeLine } from "../src/InboxEvent.ts"
import type { RequestFacts } from "../src/segment/SegmentEvent.ts"
import { type Endpoint, readBody, readEvents } from "../src/segment/SegmentRequest.ts"

const receivedAt = Date.parse("2026-11-22T20:35:00.000Z")
const facts: RequestFacts = {
  projectId: 7,
  receivedAt,
  testMode: false,
  maxEventBytes: 32_768
}

const receive = (
  endpoint: Endpoint,
  body: object | string,
  more: Partial<RequestFacts> = {}
) => {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const read = readBody(text)
  if (read._tag === "Unreadable") throw new Error(read.reason)
  return readEvents(endpoint, read.value, Buffer.byteLength(text), {
    ...facts,
    ...more
  })
}

const one = (
  endpoint: Endpoint,
  body: object | string,
  more?: Partial<RequestFacts>
) => {
  const { events, rejected } = receive(endpoint, body, more)
  const [event] = events
  if (event === undefined) throw new Error(rejected[0]?.reason)
  return event
}

const refusal = (endpoint: Endpoint, body: object | string) =>
  receive(endpoint, body).rejected[0]?.reason ?? "accepted"

describe("readEvents", () => {
  it("refuses names that would be a load for all, and says what to do", () => {
    const named = (event: string) => refusal("track", { event, userId: "u" })
    expect(named("x".repeat(1000))).toBe("accepted")
    expect(named("ü".repeat(500))).toBe("accepted")
    for (const name of ["x".repeat(1001), "ü".repeat(501)])
      expect(named(name)).toMatch(/^event is longer than 1000 bytes: /)
    const typed = (groupType: string) =>
      refusal("group", { groupId: "g", userId: "u", groupType })
    expect(typed("x".repeat(256))).toBe("accepted")
    expect(typed("x".repeat(257))).toMatch(/^groupType is longer than 256 /)
  })

  it("judges an event of a test that was received before 1970 and has no time", () => {
    const event = { event: "e", userId: "u", receivedAt: "1969-12-31T00:00:00.000Z" }
    expect(one("track", event, { testMode: true })).toMatchObject({
      q: "timestamp_before_1970",
      qd: "timestamp null"
    })
  })

  it("stores each type under its name", () => {
    const batch = [
      { type: "track", event: " Ünï 'q' ", userId: "u", properties: { a: 1 } },
      {
        type: "page",
        name: "Home",
        category: "Docs",
        userId: "u",
        properties: { x: 1 }
      },
      { type: "screen", name: "Main", userId: "u" },
      { type: "identify", userId: "u", anonymousId: "a", traits: { plan: "pro" } },
      { type: "group", userId: "u", groupId: "g", traits: { name: "ACME" } },
      { type: "alias", userId: "u2", previousId: "u" }
    ]
    const { events, rejected } = receive("batch", { batch })
    expect(rejected).toEqual([])
    expect(events).toMatchObject([
      { p: 7, e: " Ünï 'q' ", y: "track", u: "u", d: { a: 1 }, t: receivedAt },
      { e: "$pageview", d: { x: 1, name: "Home", category: "Docs" } },
      { e: "$screen", d: { name: "Main" } },
      { e: "$identify", u: "u", a: "a", d: { plan: "pro" } },
      { e: "$group", g: "g", gt: "default", d: { name: "ACME" } },
      { e: "$alias", u: "u2", v: "u" }
    ])
    for (const event of events) expect(event.m).toMatch(/^[0-9a-f-]{36}$/)
  })

  it("reads the batch that @segment/analytics-node sends", () => {
    const { events } = receive("batch", {
      batch: [
        {
          timestamp: "2025-03-01T10:00:00.123Z",
          integrations: {},
          event: "Order Completed",
          type: "track",
          properties: { revenue: 39.9, products: [{ sku: "A", price: 1.5 }] },
          context: { ip: "203.0.113.9", library: { name: "@segment/analytics-node" } },
          userId: "u1",
          messageId: "node-next-1795379699097-f31808e7-b807-4a21-be4e-3219b43ca9ac",
          _metadata: { nodeVersion: "v20.20.2" }
        },
        {
          timestamp: "2026-11-22T20:34:59.097Z",
          event: "Clicked",
          type: "track",
          properties: {},
          context: {},
          anonymousId: "a1",
          messageId: "node-next-2"
        }
      ],
      writeKey: "WK_TEST",
      sentAt: "2026-11-22T20:34:59.101Z"
    })
    expect(events).toMatchObject([
      { t: Date.parse("2025-03-01T10:00:00.123Z"), ip: "203.0.113.9", u: "u1" },
      { t: receivedAt - 4, a: "a1", m: "node-next-2" }
    ])
    expect(JSON.stringify(events)).not.toContain("nodeVersion")
  })

  it("reads the batch that the RudderStack clients send", () => {
    const sentAt = "2026-11-22T20:35:02.950Z"
    const explicit = {
      userId: "u1",
      event: "Order Completed",
      timestamp: "2026-11-22T20:00:00.000Z",
      type: "track",
      originalTimestamp: "2026-11-22T20:35:02.949Z",
      messageId: "r1",
      sentAt
    }
    const { timestamp: _, ...implicit } = explicit
    const identify = {
      type: "identify",
      userId: "u",
      context: { traits: { plan: "a" } }
    }
    const batch = [explicit, { ...implicit, messageId: "r2" }, identify]
    expect(receive("batch", { batch, timestamp: sentAt, sentAt }).events).toMatchObject(
      [
        { t: Date.parse("2026-11-22T20:00:00.000Z") },
        { t: receivedAt - 1 },
        { d: { plan: "a" } }
      ]
    )
  })

  it("keeps ids byte for byte, and numbers as their digits", () => {
    const text = '{"event":"e","userId":9007199254740993,"anonymousId":" A "}'
    expect(one("track", text)).toMatchObject({ u: "9007199254740993", a: " A " })
    expect(one("track", { event: "e", userId: "", messageId: 17 })).toMatchObject({
      m: "17"
    })
  })

  it("keeps all digits of properties and mends half a surrogate pair", () => {
    const event = one(
      "track",
      '{"event":"\\ud83d \\ud83d\\ude00 \\\\ud83d","userId":"u","properties":{"n":9223372036854775807}}'
    )
    expect(event.e).toBe("\ufffd \u{1f600} \\ud83d")
    expect(encodeLine(event)).toContain('"n":9223372036854775807')
  })

  it.each<[Endpoint, object, string]>([
    ["track", { event: "e" }, "userId or anonymousId"],
    ["track", { userId: "u" }, "event"],
    ["track", { event: 5, userId: "u" }, "event"],
    ["track", { event: "e", userId: { a: 1 } }, "userId"],
    ["track", { event: "e", userId: "a\0" }, "userId"],
    ["track", { event: "e", anonymousId: "é".repeat(2049) }, "anonymousId"],
    ["track", { event: "e", userId: "u", messageId: "m".repeat(101) }, "messageId"],
    ["track", { event: "e", userId: "u", messageId: "m\0" }, "messageId"],
    ["track", { event: "e", userId: "u", messageId: [] }, "messageId"],
    ["track", { event: "e", userId: "u", properties: [] }, "properties"],
    ["track", { event: "e", userId: "u", context: "x" }, "context"],
    ["identify", { userId: "u", traits: 1 }, "traits"],
    ["group", { userId: "u" }, "groupId"],
    ["alias", { userId: "u" }, "previousId"],
    ["batch", { batch: [{ type: "toString", userId: "u" }] }, "type"],
    ["batch", { batch: ["x"] }, "object"],
    [
      "track",
      { event: "e", userId: "u", properties: { a: "é".repeat(16_384) } },
      "32768"
    ]
  ])("refuses %s %j and names the field", (endpoint, body, named) => {
    expect(refusal(endpoint, body)).toContain(named)
  })

  it("takes 100 characters of any kind and 32 KB of any event", () => {
    expect(
      refusal("track", { event: "e", userId: "u", messageId: "😀".repeat(100) })
    ).toBe("accepted")
    const batch = Array.from({ length: 3 }, () => ({
      type: "track",
      event: "e",
      userId: "u",
      properties: { a: "x".repeat(32_000) }
    }))
    expect(receive("batch", { batch }).events.length).toBe(3)
  })

  it("gives each event its own verdict", () => {
    const good = { type: "track", event: "e", userId: "u", messageId: "good" }
    const { events, rejected } = receive("batch", {
      batch: [good, { messageId: "bad", type: "nope", userId: "u" }, good]
    })
    expect(events.length).toBe(2)
    expect(rejected).toMatchObject([{ index: 1, messageId: "bad" }])
  })

  it.each([
    ['"timestamp":"soon"', "timestamp_unreadable"],
    ['"timestamp":"1969-12-31T23:59:59.999Z"', "timestamp_before_1970"],
    ['"timestamp":"2026-11-23T20:35:00.001Z"', "timestamp_in_future"],
    ['"properties":{"a":[1e400]}', "number_out_of_range"],
    ['"context":{"a":18446744073709551616}', "number_out_of_range"],
    [`"properties":{"a":${"[".repeat(32)}${"]".repeat(32)}}`, "nesting_too_deep"],
    [`"properties":{"a":${"[".repeat(9000)}${"]".repeat(9000)}}`, "nesting_too_deep"]
  ])("accepts %s and sets it aside", (member, reason) => {
    const event = one("track", `{"event":"e","userId":"u",${member}}`)
    expect(event).toMatchObject({ q: reason, r: receivedAt })
    expect(event.qd).toBeString()
    if (reason === "timestamp_in_future") expect(event.t).toBe(receivedAt + 86_400_001)
    else if (reason !== "timestamp_before_1970") expect(event.t).toBe(receivedAt)
    // What it was sent with stays whole, for the replay.
    const sent = member.slice(member.indexOf(":") + 1)
    if (!reason.startsWith("timestamp")) expect(encodeLine(event)).toContain(sent)
  })

  it("believes an event's receivedAt in test mode only", () => {
    const event = { event: "e", userId: "u", receivedAt: "2025-03-01T00:00:00Z" }
    expect(one("track", event)).toMatchObject({ r: receivedAt })
    const given = Date.parse(event.receivedAt)
    const honoured = one("track", event, { testMode: true })
    expect(honoured).toMatchObject({ r: given, k: given, t: given })
    expect(one("track", event).k).toBeUndefined()
  })

  it("never throws, and gives one verdict per event", () => {
    const endpoint = fc.constantFrom<Endpoint>("track", "identify", "alias", "batch")
    const id = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.jsonValue())
    const event = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          type: fc.oneof(fc.constantFrom("track", "page", "group"), fc.jsonValue()),
          event: id,
          userId: id,
          anonymousId: id,
          groupId: id,
          messageId: id,
          timestamp: id,
          sentAt: id,
          context: fc.jsonValue(),
          properties: fc.jsonValue(),
          traits: fc.jsonValue()
        },
        { requiredKeys: [] }
      )
    )
    fc.assert(
      fc.property(endpoint, fc.array(event), (to, batch) => {
        const body = to === "batch" ? { batch } : { ...(batch[0] as object) }
        const { events, rejected } = receive(to, body)
        expect(events.length + rejected.length).toBe(to === "batch" ? batch.length : 1)
        for (const received of events) expect(encodeLine(received)).not.toContain("\n")
      }),
      { numRuns: 300 }
    )
  })
})

describe("readBody", () => {
  it.each(["", "{", "[]", "1", "null", '"x"', "\0", "[".repeat(500_000)])(
    "cannot read %p",
    (text) => expect(readBody(text)._tag).toBe("Unreadable")
  )

  it("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void readBody(text)))
  })
})
