import { describe, expect, it } from "bun:test"
import { umamiRoutes } from "@analytics/data-processing/protocols/umami"
import fc from "fast-check"
import { batch, MINUTE, NOW, page, request, SITE, send } from "./umamiRequests.ts"
import { routeIn } from "./visits.ts"

describe("an event of Umami", () => {
  it("is a page view without a name", () => {
    const { events, keys } = send({
      ...page,
      title: "A",
      referrer: "https://r.test/x",
      language: "de-DE",
      screen: "1920x1080",
      tag: "blue"
    })
    expect(keys).toEqual([SITE])
    expect(events).toMatchObject([
      {
        y: "page",
        d: { tag: "blue" },
        c: {
          site: SITE,
          page: {
            url: "https://x.test/a?utm_source=b#c",
            path: "/a#c",
            search: "?utm_source=b",
            referrer: "https://r.test/x",
            title: "A"
          },
          locale: "de-DE",
          screen: { width: 1920, height: 1080 }
        }
      }
    ])
  })

  it("has its data, its person and what overrides the device", () => {
    const { events } = send({
      ...page,
      url: "https://x.test/b",
      name: "signup",
      data: { plan: "pro", tag: "mine" },
      tag: "theirs",
      id: "u-1",
      ip: "198.51.100.9",
      userAgent: "Mozilla/5.0 (X11)",
      browser: "chrome",
      os: "Linux",
      device: "laptop",
      screen: "wide",
      lcp: 12
    })
    expect(events).toMatchObject([
      {
        y: "track",
        e: "signup",
        u: "u-1",
        ip: "198.51.100.9",
        d: { plan: "pro", tag: "theirs", lcp: 12, props: { tag: "mine" } },
        c: {
          page: { path: "/b" },
          ip: "198.51.100.9",
          userAgent: "Mozilla/5.0 (X11)",
          browser: { name: "chrome" },
          os: { name: "Linux" },
          device: { type: "laptop" },
          screen: { size: "wide" }
        }
      }
    ])
  })

  it("identifies a visitor, with or without an id", () => {
    const named = send({ ...page, id: "u-1", data: { plan: "pro" } }, {}, "identify")
    expect(named.events).toMatchObject([
      { y: "identify", u: "u-1", a: send(page).events[0]?.a, d: { plan: "pro" } }
    ])
    const unnamed = send({ website: SITE, data: { a: 1 }, tag: "t" }, {}, "identify")
    expect(unnamed.events).toMatchObject([
      { y: "identify", d: { a: 1 }, c: { umami: { tag: "t" } } }
    ])
    expect(unnamed.events[0]?.u).toBeUndefined()
  })

  it.each(["performance", "engagement", "error"])(
    "of type %s keeps its name",
    (type) => {
      const { events } = send({ ...page, lcp: 1200, engagement: 5000 }, {}, type)
      expect(events).toMatchObject([
        { y: "track", e: type, d: { lcp: 1200, engagement: 5000 } }
      ])
    }
  )

  it("may have the name of a type", () => {
    const { events } = send({ ...page, name: "identify", data: { a: 1 } })
    expect(events).toMatchObject([{ y: "track", e: "identify", d: { a: 1 } }])
  })

  it("says the host where its address does not", () => {
    const pageOf = (payload: object) =>
      send({ website: SITE, ...payload }).events[0]?.c?.["page"]
    expect(pageOf({ hostname: "x.test" })).toEqual({ hostname: "x.test" })
    const url = "https://x.test.evil/a"
    expect(pageOf({ url, hostname: "x.test" })).toMatchObject({ hostname: "x.test" })
    const own = { hostname: "x.test", url: "https://x.test:8080/a" }
    expect(pageOf(own)).toEqual({ url: own.url, path: "/a" })
    expect(pageOf({ url: "/a?b#c" })).toEqual({ url: "/a?b#c", path: "/a#c" })
    expect(pageOf({})).toBeUndefined()
  })

  it("may be of a link or a pixel", () => {
    expect(send({ link: "l-1" })).toMatchObject({
      keys: ["l-1"],
      events: [{ e: "link", d: { link: "l-1" } }]
    })
    expect(send({ pixel: "p-1" }).events).toMatchObject([{ e: "pixel" }])
  })

  it("is of the id that the script keeps, where it keeps one", () => {
    expect(send({ ...page, vid: "kept" }).events[0]?.a).toBe("kept")
  })

  it.each(["Mozilla/5.0 Umami/v24.3.0", "node", "python-requests/2.32"])(
    "ties nobody to the device of %s, which speaks of many",
    (agent) => {
      const idOf = (payload: object) => send(payload, { agent }).events[0]?.a
      expect(idOf({ ...page, id: "u-1" })).toBeUndefined()
      expect(idOf(page)).toBeDefined()
      expect(idOf({ ...page, id: "u-1", ip: "192.0.2.1" })).toBeDefined()
      expect(idOf({ ...page, id: "u-1", vid: "kept" })).toBe("kept")
    }
  )

  it("keeps a name that is no event's", () => {
    const { events } = send({ website: SITE, name: "n" }, {}, "identify")
    expect(events).toMatchObject([{ y: "identify", c: { umami: { name: "n" } } }])
    expect(send({ ...page, name: 404 }).events[0]?.d).toEqual({ name: 404 })
    expect(send({ ...page, name: "" }).events[0]?.d).toEqual({})
    expect(send({ ...page, name: "a" }).events[0]?.d).toEqual({})
  })

  it("keeps a property of every name", () => {
    const { events } = send({
      ...page,
      data: { tag: "mine", props: 1, props_: 2 },
      tag: "theirs"
    })
    const kept = { tag: "theirs", props: 1, props_: 2, props__: { tag: "mine" } }
    expect(events[0]?.d).toEqual(kept)
  })

  it("has the time that it says, in seconds, and the name of that day", () => {
    const then = Date.parse("2024-05-01T10:00:00.000Z")
    const [old] = send({ ...page, timestamp: then / 1000 }).events
    expect(old?.t).toBe(then)
    const [later] = send({ ...page, timestamp: String(then / 1000 + 3600) }).events
    expect(later?.t).toBe(then + 60 * MINUTE)
    expect(later?.a).toBe(old?.a ?? "")
    const [next] = send({ ...page, timestamp: then / 1000 + 86_400 }).events
    expect(new Set([old?.a, next?.a, send(page).events[0]?.a]).size).toBe(3)
    const [today] = send({ ...page, timestamp: NOW / 1000 - 60 }).events
    expect(today?.a).toBe(send(page).events[0]?.a ?? "")
    const [odd] = send({ ...page, timestamp: "yesterday" }).events
    expect(odd?.q).toBe("timestamp_unreadable")
  })

  it.each([
    ["pageview", page],
    [undefined, page],
    ["event", "text"],
    ["event", null]
  ])("of type %p with %j is none", (type, payload) => {
    expect(request("/api/send", { type, payload })?.rejected).toBeArrayOfSize(1)
  })

  it("tells whom a refusal is about as Umami does", () => {
    const refused = routeIn(umamiRoutes, "/api/send").refuse?.(
      { kind: "unauthorized", status: 401, detail: "no such website" },
      new URLSearchParams()
    )
    expect(JSON.parse(String(refused?.body))).toEqual({
      error: { message: "no such website", code: "unauthorized", status: 401 }
    })
  })
})

describe("a batch of Umami", () => {
  const item = (payload: object) => ({ type: "event", payload })

  it("is answered with what was taken, and what was not and why", () => {
    const { events, keys, rejected, said } = batch([
      item(page),
      item({ ...page, website: "another" }),
      { type: "nothing", payload: page },
      item({ ...page, name: "b" })
    ])
    expect(keys).toEqual([SITE])
    expect(events.map(({ e }) => e)).toEqual(["$pageview", "b"])
    expect(rejected.map(({ index }) => index)).toEqual([1, 2])
    expect(said).toMatchObject({
      size: 4,
      processed: 2,
      errors: 2,
      details: [
        { index: 1, response: { error: { code: "bad-request", status: 400 } } },
        { index: 2, response: { error: { code: "bad-request", status: 400 } } }
      ]
    })
    expect(send(page, { ip: "192.0.2.2", cache: said.cache }).events[0]?.a).toBe(
      events[0]?.a ?? ""
    )
  })

  it("may be empty", () => {
    expect(batch([]).said).toEqual({ size: 0, processed: 0, errors: 0, details: [] })
  })

  it("never throws, whatever the items and the token are", () => {
    const names =
      "website url hostname screen name data timestamp ip userAgent id vid tag".split(
        " "
      )
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.jsonValue(),
            fc.record({
              type: fc.constantFrom("event", "identify", "error", "x"),
              payload: fc.dictionary(fc.constantFrom(...names), fc.jsonValue())
            })
          ),
          { maxLength: 3 }
        ),
        fc.base64String({ maxLength: 80 }),
        (items, cache) => {
          const all = request("/api/batch", items, { cache })
          expect((all?.events.length ?? 0) + (all?.rejected.length ?? 0)).toBe(
            items.length
          )
        }
      )
    )
  })
})
