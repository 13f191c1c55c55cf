import { describe, expect, it } from "bun:test"
import { matomoRow } from "../../src/import/matomoRow.ts"
import { apacheLog } from "../../src/readers/apacheLog.ts"
import { beginning, row } from "../../src/readers/Row.ts"

const logged = async (query: string, status = 204) => {
  const line = `192.0.2.1 - - [01/Mar/2026:11:00:00 +0100] "GET /m/matomo.php${query} HTTP/2.0" ${status} 0 "https://shop.example/" "Moz/5.0"`
  const bytes = (async function* () {
    yield new TextEncoder().encode(line)
  })()
  const [block] = await Array.fromAsync(apacheLog(bytes, beginning))
  const [first] = block?.rows ?? []
  if (first?._tag !== "Row") throw new Error("not a row")
  return matomoRow(first, "imp-x")
}

const eventOf = async (query: string) => {
  const { event, reason } = await logged(
    `?idsite=1&rec=1&rand=5&_id=0123456789abcdef${query}`
  )
  if (event === undefined) throw new Error(reason)
  return JSON.parse(JSON.stringify(event))
}

describe("a log of Matomo's tracking requests", () => {
  it("makes a page view with its page, visitor and custom variables", async () => {
    const event = await eventOf(
      "&url=https%3A%2F%2Fshop.example%2Fa%3Futm_source%3Dmail&urlref=https%3A%2F%2Fx.example%2F&action_name=A%20b&uid=u1&res=1920x1080&lang=de-DE%2Cen&_cvar=%7B%221%22%3A%5B%22plan%22%2C%22pro%22%5D%7D&dimension1=red&pv_id=p1&token_auth=secret"
    )
    expect(event).toMatchObject({
      type: "page",
      userId: "u1",
      anonymousId: "0123456789abcdef",
      timestamp: "2026-03-01T11:00:00.000+01:00",
      properties: {
        idsite: "1",
        title: "A b",
        plan: "pro",
        dimension1: "red",
        pv_id: "p1"
      },
      context: {
        userAgent: "Moz/5.0",
        locale: "de-DE",
        screen: { width: 1920, height: 1080 },
        page: {
          url: "https://shop.example/a?utm_source=mail",
          path: "/a",
          search: "?utm_source=mail",
          referrer: "https://x.example/",
          title: "A b"
        }
      }
    })
    expect(event.messageId).toMatch(/^matomo-[0-9a-f]{40}$/u)
    expect(JSON.stringify(event)).not.toMatch(/secret|192\.0\.2\.1/u)
  })

  it.each([
    [
      "&e_c=Video&e_a=Play&e_n=Intro&e_v=2.5",
      "Play",
      { category: "Video", label: "Intro", value: 2.5 }
    ],
    ["&link=https%3A%2F%2Fo.example", "Outbound Link", { href: "https://o.example" }],
    [
      "&download=https%3A%2F%2Fs.example%2Fx.pdf",
      "File Download",
      { href: "https://s.example/x.pdf" }
    ],
    [
      "&search=shoe&search_cat=men&search_count=0",
      "Site Search",
      { query: "shoe", category: "men", results: 0 }
    ],
    ["&idgoal=3&revenue=9.5", "Goal Completed", { goal: "3", revenue: 9.5 }],
    [
      "&idgoal=0&ec_id=o1&revenue=12&ec_items=%5B%5B%22s%22%2C%22Shoe%22%2C%22men%22%2C12%2C1%5D%5D",
      "Order Completed",
      {
        order_id: "o1",
        revenue: 12,
        products: [{ sku: "s", name: "Shoe", category: "men", price: 12, quantity: 1 }]
      }
    ],
    ["&idgoal=0&revenue=1", "Cart Updated", { revenue: 1 }],
    ["&c_n=Ad&c_p=a.png", "Content Impression", { content: "Ad", piece: "a.png" }]
  ] as const)("%s is %s", async (query, event, properties) => {
    expect(await eventOf(query)).toMatchObject({ type: "track", event, properties })
  })

  it("keeps parameters by whatever name they have", async () => {
    const { properties } = await eventOf("&constructor=a&toString=b&__proto__=c")
    expect(Object.entries(properties)).toEqual(
      expect.arrayContaining([
        ["constructor", "a"],
        ["toString", "b"],
        ["__proto__", "c"]
      ])
    )
  })

  it("believes cdt, in UTC, however it is written", async () => {
    expect((await eventOf("&cdt=2025-12-31%2023:59:59")).timestamp).toBe(
      "2025-12-31T23:59:59.000+00:00"
    )
    expect((await eventOf("&cdt=1767225599")).timestamp).toBe(
      "2025-12-31T23:59:59.000Z"
    )
  })

  it("gives the same request the same id in any log, and visitors a name for a day", async () => {
    const again = await eventOf("&url=x")
    expect((await eventOf("&url=x")).messageId).toBe(again.messageId)
    expect((await eventOf("&url=y")).messageId).not.toBe(again.messageId)
    const { event } = await logged("?idsite=1&rec=1&url=x")
    expect(event).toMatchObject({
      messageId: "imp-x-1",
      anonymousId: expect.stringMatching(/^[0-9a-f]{32}$/u)
    })
  })

  it("says why other requests are none", async () => {
    expect((await logged("?idsite=1&rec=1&ping=1")).reason).toContain("heartbeat")
    expect((await logged("")).reason).toContain("POST")
    expect((await logged("?idsite=1&rec=1", 403)).reason).toContain("refused")
    expect(matomoRow(row(1, { path: "/index.php?rec=1" }), "f").reason).toBe(
      "no tracking request"
    )
  })
})

describe("a visit of Matomo's Live API", () => {
  const visit = {
    idSite: "1",
    idVisit: 77,
    visitIp: "192.0.2.0",
    visitorId: "0123456789abcdef",
    userId: null,
    serverTimestamp: 1772359300,
    referrerUrl: "https://x.example/",
    browserName: "Firefox",
    browserIcon: "x.png",
    visitCount: 3,
    languageCode: "de",
    resolution: "800x600",
    actionDetails: [
      {
        type: "action",
        url: "https://shop.example/a",
        pageTitle: "A",
        pageId: 5,
        timestamp: 1772359200,
        icon: "",
        timeSpent: 9
      },
      {
        type: "event",
        url: "https://shop.example/a",
        eventCategory: "Video",
        eventAction: "Play",
        eventValue: 2,
        pageId: 6,
        timestamp: 1772359209
      },
      {
        type: "goal",
        goalId: 2,
        goalName: "Signup",
        goalPageId: 6,
        revenue: 4,
        timestamp: 1772359210
      },
      {
        type: "ecommerceOrder",
        orderId: "o1",
        revenue: 12,
        itemDetails: [{ itemSKU: "s" }],
        timestamp: 1772359211
      },
      { type: "outlink", url: "https://o.example/", timestamp: 1772359212 },
      { type: "outlink", url: "https://p.example/", timestamp: 1772359212 }
    ]
  }

  it("makes each action an event, with ids of Matomo's tables", () => {
    const { events = [] } = matomoRow(row(1, visit), "f")
    const told = JSON.parse(JSON.stringify(events))
    expect(told).toMatchObject([
      {
        type: "page",
        anonymousId: "0123456789abcdef",
        timestamp: "2026-03-01T10:00:00.000Z",
        messageId: "matomo-1-77-5",
        properties: {
          title: "A",
          timeSpent: 9,
          visit: { browserName: "Firefox", visitCount: 3 }
        },
        context: {
          locale: "de",
          screen: { width: 800, height: 600 },
          page: { path: "/a", referrer: "https://x.example/", title: "A" }
        }
      },
      {
        event: "Play",
        messageId: "matomo-1-77-6",
        properties: { category: "Video", value: 2 }
      },
      {
        event: "Goal Completed",
        messageId: "matomo-1-77-goal-2-6",
        properties: { goalName: "Signup", revenue: 4 }
      },
      {
        event: "Order Completed",
        messageId: "matomo-1-77-order-o1",
        properties: { revenue: 12, products: [{ itemSKU: "s" }] }
      },
      { event: "Outbound Link", messageId: "matomo-1-77-outlink-1772359212" },
      { event: "Outbound Link", messageId: "matomo-1-77-outlink-1772359212-1" }
    ])
    expect(JSON.stringify(told)).not.toMatch(/192\.0\.2|x\.png/u)
    expect(told[1].properties.visit).toBeUndefined()
  })

  it("takes no name for one of the language's, and no visit without end", () => {
    const action = { timestamp: 1772359212, valueOf: 1, type: "constructor" }
    const { events } = matomoRow(row(1, { ...visit, actionDetails: [action] }), "f")
    expect(events).toMatchObject([{ event: "constructor", properties: { valueOf: 1 } }])
    const endless = Array.from({ length: 10_001 }, () => action)
    expect(matomoRow(row(1, { ...visit, actionDetails: endless }), "f").reason).toBe(
      "a visit of more than 10000 actions"
    )
  })

  it("says what is no visit, and never throws", () => {
    expect(matomoRow(row(1, { idVisit: 1 }), "f").reason).toContain("actionDetails")
    expect(matomoRow(row(1, { ...visit, actionDetails: [] }), "f").reason).toContain(
      "without actions"
    )
    const timeless = {
      ...visit,
      serverTimestamp: null,
      actionDetails: [{ type: "action" }]
    }
    expect(matomoRow(row(1, timeless), "f").reason).toContain("time")
    expect(matomoRow(row(1, {}), "f").reason).toBe("no tracking request")
  })
})
