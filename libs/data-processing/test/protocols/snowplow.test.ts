import { describe, expect, it } from "bun:test"
import { judge } from "../../src/protocols/judge.ts"
import { snowplowRoutes } from "../../src/protocols/snowplow.ts"

const receivedAt = Date.parse("2026-03-01T10:00:02.000Z")
const facts = {
  projectId: 1,
  receivedAt,
  maxEventBytes: 100_000,
  testMode: false,
  ip: "203.0.113.7",
  userAgent: "Mozilla/5.0"
}

const readingOf = (
  method: "GET" | "POST",
  data: unknown,
  headers: Record<string, string> = {}
) => {
  const path = method === "GET" ? "/i" : "/com.snowplowanalytics.snowplow/tp2"
  const route = snowplowRoutes.find((each) => each.path === path)
  if (route === undefined) throw new Error(`no route ${path}`)
  const query = new URLSearchParams(
    method === "GET" ? (data as Record<string, string>) : {}
  )
  const body = method === "GET" ? "" : JSON.stringify({ schema: "iglu:x", data })
  const reading = route.read({
    method,
    path,
    query,
    headers: new Headers(headers),
    body,
    bytes: body.length
  })
  if (reading._tag === "Unreadable") throw new Error(reading.reason)
  return { route, reading, query }
}

const send = (...request: Parameters<typeof readingOf>) => {
  const { reading, route } = readingOf(...request)
  return judge(route, reading, 0, facts, {
    receivedAt,
    visitor: (site, device) => `visitor of ${site} ${device?.ip ?? ""}`.trim()
  }).events
}

const one = (fields: object, headers?: Record<string, string>) => {
  const [event] = send("POST", [{ eid: "e1", ...fields }], headers)
  if (event === undefined) throw new Error("no event")
  return event
}

const contexts = (...data: ReadonlyArray<object>) => ({
  schema: "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0",
  data
})
const described = (schema: string, data: unknown) => ({
  schema: "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",
  data: { schema, data }
})
const sp = "iglu:com.snowplowanalytics.snowplow"
const packed = (value: unknown) =>
  Buffer.from(JSON.stringify(value)).toString("base64url")

describe("an event of a Snowplow tracker", () => {
  it("has ids, page, screen and session in their places", () => {
    const event = one({
      e: "pv",
      p: "web",
      aid: "shop",
      uid: "u1",
      duid: "d1",
      tnuid: "n1",
      sid: "s1",
      vid: "3",
      url: "https://shop.test/a?utm_source=x",
      refr: "https://r.test/",
      page: "Cart",
      ua: "Mozilla/5.0 Test",
      ip: "198.51.100.1",
      lang: "de",
      tz: "Europe/Berlin",
      res: "1920x1080",
      vp: "800x600",
      cd: "24",
      tv: "js-4.8.0",
      odd: "kept"
    })
    expect(event).toMatchObject({
      m: "e1",
      y: "page",
      e: "$pageview",
      u: "u1",
      a: "d1"
    })
    expect(event.ip).toBe("198.51.100.1")
    expect(event.c).toEqual({
      page: {
        url: "https://shop.test/a?utm_source=x",
        path: "/a",
        search: "?utm_source=x",
        referrer: "https://r.test/",
        title: "Cart"
      },
      ip: "198.51.100.1",
      userAgent: "Mozilla/5.0 Test",
      locale: "de",
      timezone: "Europe/Berlin",
      sessionId: "s1",
      library: { name: "snowplow", version: "js-4.8.0" },
      screen: { width: 1920, height: 1080, innerWidth: 800, innerHeight: 600 },
      device: { networkUserId: "n1" }
    })
    expect(event.d).toEqual({
      snowplow: { p: "web", aid: "shop", vid: 3, cd: 24, odd: "kept" }
    })
  })

  it("happened at its true time, else by a clock that is put right", () => {
    const at = (fields: object) => new Date(one({ e: "pv", ...fields }).t).toISOString()
    const dtm = String(Date.parse("2026-03-01T09:00:00.000Z"))
    const stm = String(Date.parse("2026-03-01T09:00:05.000Z"))
    const ttm = String(Date.parse("2025-01-01T00:00:00.000Z"))
    expect(at({})).toBe("2026-03-01T10:00:02.000Z")
    expect(at({ dtm })).toBe("2026-03-01T09:00:00.000Z")
    expect(at({ dtm, stm })).toBe("2026-03-01T09:59:57.000Z")
    expect(at({ dtm, stm, ttm })).toBe("2025-01-01T00:00:00.000Z")
    // Kept on a device for days whose clock is a year ahead.
    const kept = String(Date.parse("2027-02-26T09:00:05.000Z"))
    const sent = String(Date.parse("2027-03-01T09:00:05.000Z"))
    expect(at({ dtm: kept, stm: sent })).toBe("2026-02-26T10:00:02.000Z")
    expect(at({ dtm: "", stm })).toBe("2026-03-01T10:00:02.000Z")
    expect(one({ e: "pv", dtm, stm, ttm }).d).toEqual({ snowplow: { dtm, stm } })
  })

  it.each([
    [{ e: "pp", pp_mix: "0", pp_may: "400" }, "page_ping", { min_x: 0, max_y: 400 }],
    [
      { e: "se", se_ca: "shop", se_ac: "add", se_va: "2.5" },
      "add",
      { category: "shop", action: "add", value: 2.5 }
    ],
    [
      { e: "tr", tr_id: "o1", tr_tt: "39.90", tr_cu: "EUR" },
      "transaction",
      { order_id: "o1", revenue: 39.9, currency: "EUR" }
    ],
    [
      { e: "ti", ti_id: "o1", ti_sk: "s", ti_pr: "a lot", ti_qu: "2" },
      "transaction_item",
      { order_id: "o1", sku: "s", price: "a lot", quantity: 2 }
    ]
  ])("%j is a track", (fields, name, properties) => {
    expect(one(fields)).toMatchObject({ y: "track", e: name, d: properties })
  })

  it("describes itself, as text or in base64", () => {
    const schema = "iglu:com.acme/viewed/jsonschema/1-0-0"
    const ue = described(schema, { price: 20, snowplow: "own" })
    const expected = {
      y: "track",
      e: "viewed",
      d: { price: 20, snowplow: { schema, properties: { snowplow: "own" } } }
    } as const
    expect(one({ e: "ue", ue_pr: JSON.stringify(ue) })).toMatchObject(expected)
    expect(one({ e: "ue", ue_px: packed(ue) })).toMatchObject(expected)
    // Names of Snowplow itself mean something only as its own.
    const foreign = described("iglu:com.acme/screen_view/jsonschema/1-0-0", {})
    expect(one({ e: "ue", ue_px: packed(foreign) })).toMatchObject({ e: "screen_view" })
    const screen = described("iglu:com.snowplowanalytics.mobile/screen_view/x/1-0-0", {
      name: "main"
    })
    expect(one({ e: "ue", ue_px: packed(screen) })).toMatchObject({
      y: "screen",
      d: { name: "main" }
    })
  })

  it("brought in what the e-commerce plugin says", () => {
    const action = `${sp}.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2`
    const transaction = `${sp}.ecommerce/transaction/jsonschema/1-0-0`
    const event = one({
      e: "ue",
      ue_px: packed(described(action, { type: "transaction" })),
      cx: packed(
        contexts({ schema: transaction, data: { revenue: 40, currency: "EUR" } })
      )
    })
    expect(event.d).toMatchObject({ type: "transaction", revenue: 40, currency: "EUR" })
  })

  it("keeps its entities, and those about the device where they can be left out", () => {
    const user = {
      schema: "iglu:com.acme/user/jsonschema/1-0-0",
      data: { plan: "pro" }
    }
    const product = "iglu:com.acme/product/jsonschema/1-0-0"
    const event = one({
      e: "pv",
      cx: packed(
        contexts(
          user,
          { schema: product, data: { sku: "a" } },
          { schema: product, data: { sku: "b" } },
          { schema: `${sp}/web_page/jsonschema/1-0-0`, data: { id: "view" } },
          {
            schema: `${sp}/client_session/jsonschema/1-0-2`,
            data: { userId: "phone", sessionId: "s9", sessionIndex: 2 }
          },
          {
            schema: `${sp}/mobile_context/jsonschema/1-0-3`,
            data: { osType: "ios", osVersion: "19", deviceModel: "X", carrier: "c" }
          }
        )
      )
    })
    expect(event.a).toBe("phone")
    expect(event.c).toEqual({
      page: { id: "view" },
      sessionId: "s9",
      os: { name: "ios", version: "19" },
      network: { carrier: "c" },
      device: {
        osType: "ios",
        osVersion: "19",
        deviceModel: "X",
        carrier: "c",
        model: "X",
        session: { userId: "phone", sessionId: "s9", sessionIndex: 2 }
      }
    })
    expect(event.d?.["snowplow"]).toEqual({
      entities: {
        user: { plan: "pro", $schema: user.schema },
        product: [
          { sku: "a", $schema: product },
          { sku: "b", $schema: product }
        ],
        web_page: { id: "view", $schema: `${sp}/web_page/jsonschema/1-0-0` }
      }
    })
  })

  it("keeps entities that cannot be read as they were sent", () => {
    for (const fields of [{ co: "{" }, { cx: "%%" }, { co: JSON.stringify({}) }])
      expect(one({ e: "pv", ...fields }).d).toEqual({ snowplow: fields })
  })

  it("is of a visitor where it names nobody, of a server of nobody", () => {
    expect(one({ e: "pv", aid: "shop", ip: "198.51.100.1" }).a).toBe(
      "visitor of shop 198.51.100.1"
    )
    expect(one({ e: "pv", uid: "u1" }).a).toBeUndefined()
    expect(one({ e: "pv", p: "srv" }).a).toBeUndefined()
  })

  it("has no address of a server, or of who asked for it", () => {
    expect(one({ e: "pv", p: "web" }).ip).toBe("203.0.113.7")
    expect(one({ e: "pv", p: "srv", uid: "u" }).ip).toBeUndefined()
    expect(one({ e: "pv", p: "web" }, { "sp-anonymous": "*" }).ip).toBeUndefined()
  })

  it.each([
    {},
    { e: "xx" },
    { e: "ue" },
    { e: "ue", ue_pr: "{}" },
    { e: "ue", ue_px: "?" }
  ])("is kept aside if it is %j", (fields) => {
    expect(one(fields)).toMatchObject({ q: "malformed", e: "$malformed" })
  })
})

describe("nothing of an event of Snowplow", () => {
  const rest = (fields: object) => one(fields).d?.["snowplow"]

  it("is lost because another kind of event has a place for it", () => {
    const fields = { se_ca: "c", tr_id: "t", ti_sk: "s", pp_mix: "x", ue_px: "e30" }
    expect(rest({ e: "pv", ...fields })).toEqual(fields)
    expect(rest({ e: "se", se_ac: "a", ...fields })).toEqual({
      tr_id: "t",
      ti_sk: "s",
      pp_mix: "x",
      ue_px: "e30"
    })
  })

  it("is lost because it was sent in two forms, or is no text", () => {
    const cx = packed(contexts())
    const co = JSON.stringify(contexts())
    expect(rest({ e: "pv", co, cx })).toEqual({ cx })
    expect(rest({ e: "pv", co: "", cx })).toEqual({ co: "" })
    const ue_pr = JSON.stringify(
      described("iglu:com.acme/a/jsonschema/1-0-0", { b: 1 })
    )
    expect(rest({ e: "ue", ue_pr, ue_px: "e30" })).toMatchObject({ ue_px: "e30" })
    expect(rest({ e: "pv", page: 404, duid: { a: 1 }, sid: 7 })).toEqual({
      page: 404,
      duid: { a: 1 }
    })
    expect(rest({ e: "pv", page: null, duid: null })).toEqual({})
    const device = one({ e: "pv", nuid: "n", tnuid: "t" }).c?.["device"]
    expect(device).toEqual({ networkUserId: "t", nuid: "n" })
  })

  it("is lost because a URL did not escape a plus", () => {
    const text = Buffer.from(
      JSON.stringify(described("iglu:com.acme/a/jsonschema/1-0-0", { b: "~~>?>" }))
    ).toString("base64")
    expect(text).toContain("+")
    const ue_px = text.replaceAll("+", " ")
    expect(send("GET", { e: "ue", ue_px })[0]?.d).toMatchObject({ b: "~~>?>" })
  })
})

describe("a request of a Snowplow tracker", () => {
  it("has the key of the first event that names an application", () => {
    const { reading } = readingOf("POST", [{ e: "pv" }, { aid: "b" }, { aid: "c" }])
    expect(reading.keys).toEqual(["b"])
  })

  it("that wants to be anonymous is of a visitor, and not of nobody at all", () => {
    const nobody = "00000000-0000-0000-0000-000000000000"
    const session = { schema: `${sp}/client_session/jsonschema/1-0-2` }
    const co = JSON.stringify(contexts({ ...session, data: { userId: nobody } }))
    expect(one({ e: "pv", aid: "x", co, nuid: nobody }).a).toBe("visitor of x")
  })

  it("names visitors without NUL, which is of other hashes", () => {
    const event = one({ e: "pv", aid: "\0a", ip: "\x001\0", ua: "\0" })
    expect(event.a).toBe("visitor of a 1")
  })

  it("names its application as its key and is answered as trackers expect", () => {
    const post = readingOf("POST", [
      { e: "pv", aid: "shop" },
      { e: "pv", aid: "other" }
    ])
    expect(post.reading.keys).toEqual(["shop"])
    const taken = { accepted: 1, rejected: [], warnings: [] }
    expect(post.reading.answer(taken)).toMatchObject({ status: 200, body: "ok" })
    const get = readingOf("GET", { e: "pv", aid: "shop", eid: "e1" })
    expect(get.route.keysOf(new Headers(), get.query)).toEqual(["shop"])
    const pixel = get.reading.answer(taken)
    expect(pixel.headers).toMatchObject({ "content-type": "image/gif" })
    expect(Buffer.from(pixel.body).toString("latin1")).toStartWith("GIF89a")
    expect(send("GET", { e: "pv", eid: "e1" })).toMatchObject([{ m: "e1" }])
  })

  it("is not sent again for ever when it is too large", () => {
    const [route] = snowplowRoutes
    const refused = (kind: "tooLarge" | "tooMany", status: number) =>
      route?.refuse?.({ kind, status, detail: "why" }, new URLSearchParams())
    expect(refused("tooLarge", 413)).toMatchObject({ status: 422, body: "why" })
    expect(refused("tooMany", 429)).toMatchObject({ status: 429 })
  })

  it.each(["", "7", "[]", "{}", '{"data":7}'])("cannot be %j", (body) => {
    const [route] = snowplowRoutes
    const read = route?.read({
      method: "POST",
      path: "/",
      query: new URLSearchParams(),
      headers: new Headers(),
      body,
      bytes: 1
    })
    expect(read?._tag).toBe("Unreadable")
  })
})
