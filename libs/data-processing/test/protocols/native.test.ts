import { describe, expect, it } from "bun:test"
import { NativeBatch } from "@analytics/analytics-core/events/NativeEvent"
import { Schema } from "effect"
import { judge } from "../../src/protocols/judge.ts"
import { nativeRoutes } from "../../src/protocols/native.ts"

const receivedAt = Date.parse("2026-03-01T10:00:02.000Z")

const send = (path: string, body: unknown, headers: Record<string, string> = {}) => {
  const route = nativeRoutes.find((each) => each.path === path)
  if (route === undefined) throw new Error(`no route ${path}`)
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const reading = route.read({
    method: "POST",
    path,
    query: new URLSearchParams(),
    headers: new Headers(headers),
    body: text,
    bytes: text.length
  })
  if (reading._tag === "Unreadable") throw new Error(reading.reason)
  const judged = judge(
    route,
    reading,
    text.length,
    { projectId: 1, receivedAt, maxEventBytes: 1000, testMode: false },
    { receivedAt, visitor: (site) => `visitor of "${site}"` }
  )
  const answer = reading.answer({
    accepted: judged.events.length,
    rejected: judged.rejected,
    warnings: []
  })
  return { keys: reading.keys, ...judged, answer: JSON.parse(String(answer.body)) }
}

const page = { type: "page", context: { page: { path: "/" } } }

describe("/v1/events", () => {
  it("takes the fields of Segment's events, in an object or as a list", () => {
    const track = {
      type: "track",
      event: "bought",
      userId: 7,
      messageId: "m1",
      timestamp: "2026-03-01T10:00:00.000Z",
      properties: { price: 2 }
    }
    const sentAt = "2026-03-01T10:00:01.000Z"
    const { answer, events, keys } = send("/v1/events", {
      events: [track],
      sentAt,
      writeKey: "wk"
    })
    // The clock of the sender is a second behind.
    const t = Date.parse("2026-03-01T10:00:01.000Z")
    const stored = { e: "bought", u: "7", m: "m1", d: { price: 2 } }
    expect(events).toMatchObject([{ ...stored, t }])
    expect(keys).toEqual(["wk"])
    expect(answer).toEqual({ success: true, accepted: 1, rejected: [] })
    expect(send("/v1/events", [track]).events).toMatchObject([
      { ...stored, t: Date.parse(track.timestamp) }
    ])
  })

  it("has a verdict on each event", () => {
    const { answer, events } = send("/v1/events", {
      events: [
        { type: "track", userId: "u", messageId: "a" },
        { type: "click", userId: "u" },
        7,
        { type: "identify", userId: "u", traits: { plan: "pro" } },
        { type: "track", event: "x", messageId: "b" }
      ]
    })
    expect(events).toMatchObject([{ e: "$identify", d: { plan: "pro" } }])
    expect(answer.rejected).toEqual([
      {
        index: 0,
        messageId: "a",
        reason: expect.stringContaining("event is required")
      },
      { index: 1, messageId: null, reason: expect.stringContaining("type must be") },
      { index: 2, messageId: null, reason: "an event must be an object" },
      { index: 4, messageId: "b", reason: expect.stringContaining("userId or") }
    ])
  })

  it("tells visitors apart who send no id, if their device sends", () => {
    const visitor = 'visitor of ""'
    const origin = { origin: "https://shop.test" }
    expect(send("/v1/events", [page], origin).events).toMatchObject([{ a: visitor }])
    expect(send("/n", [page]).events).toMatchObject([{ a: visitor }])
    const known = { ...page, anonymousId: "a1" }
    expect(send("/n", [known]).events).toMatchObject([{ a: "a1" }])
    // Who says that nobody is known means it.
    expect(send("/n", [{ ...page, userId: "" }]).events[0]).not.toHaveProperty("a")
    expect(send("/v1/events", [page]).events).toEqual([])
  })

  it.each(["", "x", "7", "{}", '{"events":{}}', "null"])("cannot read %j", (body) => {
    expect(() => send("/v1/events", body)).toThrow(/JSON|list of events/)
  })

  it("takes what its schema says", () => {
    const { examples = [] } = Schema.resolveAnnotations(NativeBatch) ?? {}
    expect(examples).toHaveLength(1)
    for (const example of examples) {
      expect(Schema.is(NativeBatch)(example)).toBe(true)
      expect(send("/n", example).answer).toMatchObject({ accepted: 2, rejected: [] })
    }
  })
})
