import { describe, expect, it } from "bun:test"
import type { Catalogue } from "../../src/analytics/AnalyticsViews.ts"
import {
  before,
  conversion,
  dimensions,
  keyEvent,
  moneyProperties
} from "../../src/templates/found.ts"

const at = { firstSeen: "2026-03-01T00:00:00Z", lastSeen: "2026-03-31T00:00:00Z" }
const catalogue = (
  events: Readonly<Record<string, number>>,
  properties: Readonly<Record<string, string>> = {}
): Catalogue => ({
  events: Object.entries(events).map(([event, count]) => ({ event, count, ...at })),
  properties: Object.entries(properties).map(([property, type]) => ({
    property,
    count: 10,
    types: [type]
  }))
})

describe("what templates find by names", () => {
  it("the key event is what somebody decided on, not what led there or undid it", () => {
    const shop = catalogue({
      $pageview: 900,
      "Product Viewed": 400,
      "Checkout Started": 60,
      "Order Refunded": 50,
      "Order Completed": 40
    })
    expect(keyEvent(shop)).toBe("Order Completed")
    expect(conversion(["Subscription Cancelled", "signup_started"])).toBeUndefined()
    expect(keyEvent(catalogue({ $pageview: 9, "Song Played": 3 }))).toBe("Song Played")
    expect(keyEvent(catalogue({ $pageview: 9 }))).toBe("$pageview")
    expect(keyEvent(catalogue({}))).toBeUndefined()
  })

  it("a way begins with what is done as often as what it leads to", () => {
    const retail = catalogue({ $identify: 5000, "Item Sold": 900, "Item Returned": 20 })
    expect(before(retail, "Item Sold")).toBeUndefined()
    expect(before(retail, "Item Returned")).toBe("Item Sold")
  })

  it("money is no count and no price of one piece", () => {
    const numbers = { UnitPrice: "number", Quantity: "number", "user.value": "number" }
    expect(moneyProperties(catalogue({}, numbers))).toEqual([])
    expect(
      moneyProperties(
        catalogue({}, { ...numbers, price: "number", LineTotal: "number" })
      )
    ).toEqual(["LineTotal", "price"])
  })

  it("a split is by no ids and no texts, and of page views by what they come with", () => {
    const properties = {
      domain_sessionid: "string",
      orderId: "string",
      Description: "string",
      email: "string",
      format: "string",
      country_code: "string",
      isNew: "boolean",
      price: "number"
    }
    const own = ["format", "country_code", "isNew"]
    const found = catalogue({}, properties)
    expect(dimensions(found, "Order Completed").slice(0, 3)).toEqual(own)
    expect(dimensions(found, "$pageview").slice(-3)).toEqual(own)
  })
})
