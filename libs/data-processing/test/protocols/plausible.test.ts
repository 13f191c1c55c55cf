import { describe, expect, it } from "bun:test"
import { judge } from "@analytics/data-processing/protocols/judge"
import type { Reading, Unreadable } from "@analytics/data-processing/protocols/Protocol"
import { plausibleRoutes } from "@analytics/data-processing/protocols/plausible"
import fc from "fast-check"
import { routeIn, visitAt } from "./visits.ts"

const NOW = Date.parse("2026-11-23T12:00:00.000Z")
const route = routeIn(plausibleRoutes, "/api/event")

const readText = (body: string, headers: Record<string, string> = {}) =>
  route.read({
    method: "POST",
    path: "/api/event",
    query: new URLSearchParams(),
    headers: new Headers(headers),
    body,
    bytes: Buffer.byteLength(body)
  })

const isReading = (read: Reading | Unreadable): read is Reading =>
  read._tag === "Reading"

const take = (body: unknown, headers: Record<string, string> = {}) => {
  const read = readText(JSON.stringify(body), headers)
  if (!isReading(read)) throw new Error(read.reason)
  const device = { ip: "203.0.113.7", userAgent: "Mozilla/5.0 (X11)" }
  const judged = judge(
    route,
    read,
    0,
    {
      projectId: 1,
      receivedAt: NOW,
      maxEventBytes: 32_768,
      testMode: false,
      ...device
    },
    visitAt(NOW, device)
  )
  return { ...judged, keys: read.keys, answer: read.answer }
}

const page = { n: "pageview", u: "https://x.test/a?b=1#c", d: "x.test" }

describe("an event of Plausible", () => {
  it("is a page view with its page", () => {
    const { events, keys } = take({ ...page, r: "https://r.test/", w: 1280, v: 31 })
    expect(keys).toEqual(["x.test"])
    expect(events).toMatchObject([
      {
        y: "page",
        e: "$pageview",
        d: {},
        c: {
          site: "x.test",
          page: {
            url: "https://x.test/a?b=1#c",
            path: "/a",
            search: "?b=1",
            referrer: "https://r.test/"
          },
          screen: { width: 1280 },
          library: { name: "plausible", version: "31" }
        }
      }
    ])
    expect(events[0]?.a).toMatch(/^[0-9a-f]{32}$/)
  })

  it.each([1, "1", true])("has the fragment in its path in hash mode %p", (h) => {
    expect(take({ ...page, h }).events[0]?.c?.["page"]).toMatchObject({ path: "/a#c" })
  })

  it("may have the long names of the Events API", () => {
    const { events, keys } = take({
      name: "Purchase",
      url: "app://localhost/cart",
      domain: "www.shop.test",
      referrer: "https://r.test/",
      screen_width: 400,
      props: { method: "card", n: 3, list: [1], deep: { a: 1 } },
      revenue: { amount: "1322.22", currency: "EUR" },
      interactive: false
    })
    expect(keys).toEqual(["shop.test", "www.shop.test"])
    expect(events).toMatchObject([
      {
        y: "track",
        e: "Purchase",
        d: {
          method: "card",
          n: 3,
          list: [1],
          deep: { a: 1 },
          revenue: 1322.22,
          currency: "EUR",
          interactive: false
        },
        c: { site: "www.shop.test", page: { path: "/cart" }, screen: { width: 400 } }
      }
    ])
  })

  it("has properties and money as JSON text too, in old names and new ones", () => {
    const sent = {
      ...page,
      n: "Buy",
      p: '{"a":1,"b":2}',
      m: '{"b":3}',
      $: '{"amount":10,"currency":"USD"}'
    }
    expect(take(sent).events[0]?.d).toEqual({
      a: 1,
      b: 3,
      revenue: 10,
      currency: "USD"
    })
  })

  it("loses nothing that it does not know or cannot read", () => {
    const sent = {
      ...page,
      n: "Odd",
      p: "not JSON",
      $: { amount: "ten", currency: "USD" },
      extra: [1],
      none: null
    }
    expect(take(sent).events[0]?.d).toEqual({
      props: "not JSON",
      revenue: "ten",
      currency: "USD",
      extra: [1]
    })
  })

  it("keeps a property whose name the protocol takes", () => {
    const sent = { ...page, n: "Buy", p: { revenue: "lots" }, $: { amount: 5 } }
    expect(take(sent).events[0]?.d).toEqual({ revenue: 5, props: { revenue: "lots" } })
  })

  it("may be an engagement, with depth and time", () => {
    const { events } = take({ ...page, n: "engagement", sd: 70, e: 4200 })
    expect(events).toMatchObject([
      { y: "track", e: "engagement", d: { scroll_depth: 70, engagement_time: 4200 } }
    ])
  })

  it("may be named by a number", () => {
    expect(take({ ...page, n: 404 }).events[0]?.e).toBe("404")
  })

  it("goes to the first of its sites that is known, in the name of the first", () => {
    const { events, keys } = take({ ...page, d: "x.test, www.all.test" })
    expect(keys).toEqual(["x.test", "all.test"])
    expect(events[0]?.c?.["site"]).toBe("x.test, www.all.test")
    expect(events[0]?.a).toBe(take(page).events[0]?.a ?? "")
    expect(take({ ...page, d: ",".repeat(1000) }).keys.length).toBe(10)
  })

  it("is of the host of its page where it names no site", () => {
    expect(take({ n: "pageview", u: "https://www.x.test/a" }).keys).toEqual(["x.test"])
  })

  it("is of the visitor whose address a proxy wrote into x-plausible-ip", () => {
    const [own] = take(page).events
    const [other] = take(page, { "x-plausible-ip": "198.51.100.9" }).events
    expect(other?.ip).toBe("198.51.100.9")
    expect(other?.a).not.toBe(own?.a)
  })

  it("is answered by 202 and ok", () => {
    const { answer } = take(page)
    expect(answer({ accepted: 1, rejected: [], warnings: [] })).toMatchObject({
      status: 202,
      body: "ok"
    })
  })

  it.each([
    [{ u: "https://x.test/" }, "event_name"],
    [{ n: "" }, "event_name"],
    [{ n: "pageview" }, "url"],
    [{ n: "pageview", u: 1 }, "url"],
    [{ n: "pageview", u: "data:text/html,x" }, "url"],
    [{ n: "x".repeat(2000), u: "https://x.test/" }, "request"]
  ])("that is none, as %j, is refused by the field at fault", (sent, field) => {
    const { events, rejected } = take(sent)
    expect(events).toEqual([])
    const [first] = rejected
    const refused = route.refuse?.(
      { kind: "unreadable", status: 400, detail: first?.reason ?? "", rejected },
      new URLSearchParams()
    )
    expect(refused?.status).toBe(400)
    const { errors } = JSON.parse(String(refused?.body))
    expect(Object.keys(errors)).toEqual([field])
    expect(errors[field]).toBeArrayOfSize(1)
  })

  it.each(["", "[]", "{", "null", '"x"'])("is not the body %p", (body) => {
    expect(readText(body)).toMatchObject({
      _tag: "Unreadable",
      reason: "Unable to parse request body as json"
    })
  })

  it("never throws, and puts nothing onto a prototype", () => {
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string().map((text) => `{"${text}":1}`)
    )
    const names = "n name u url d r w h m p $ i v sd e __proto__ props revenue".split(
      " "
    )
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names), value),
        fc.constantFrom("", '{"__proto__":{"polluted":1}}'),
        (sent, p) => {
          const { events } = take(p === "" ? sent : { ...sent, p })
          expect(events.length).toBeLessThanOrEqual(1)
          expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false)
        }
      )
    )
  })
})
