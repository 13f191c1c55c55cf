import { describe, expect, it } from "bun:test"
import { drawFunnel } from "../src/demo/drawFunnel.ts"
import { makeShoppers, type ShopEvent } from "../src/demo/Shop.ts"
import { trueFunnel } from "../src/demo/truth.ts"

const until = Date.parse("2026-03-01T00:00:00Z")
const options = { seed: 7, shoppers: 400, days: 90, until }

describe("the demo shop", () => {
  const shoppers = makeShoppers(options)
  const events = shoppers.flatMap((shopper) => shopper.events)

  it("is the same for the same seed, ids included", () => {
    expect(makeShoppers(options)).toEqual([...shoppers])
    const other = makeShoppers({ ...options, seed: 8 })
    expect(other.flatMap((one) => one.events).length).not.toBe(events.length)
  })

  it("gives every event its own id and a time inside the 90 days", () => {
    expect(new Set(events.map((event) => event.messageId)).size).toBe(events.length)
    for (const { timestamp } of events) {
      expect(Date.parse(timestamp)).toBeLessThan(until)
      expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(until - 90 * 86_400_000)
    }
  })

  it("has sign-ups, orders with revenue, and people on a second device", () => {
    const orders = events.filter((event) => event.event === "Order Completed")
    expect(orders.length).toBeGreaterThan(50)
    for (const order of orders) expect(order.properties?.["revenue"]).toBeNumber()
    const devices = shoppers.map(
      (one) => new Set(one.events.map((event) => event.anonymousId)).size
    )
    expect(Math.max(...devices)).toBeGreaterThan(1)
  })
})

describe("trueFunnel", () => {
  const at = (event: string, timestamp: string): ShopEvent => ({
    type: "track",
    event,
    timestamp,
    messageId: timestamp,
    anonymousId: "a",
    context: {}
  })

  it("counts each shopper once, for the best attempt within the window", () => {
    const slow = [
      at("Product Viewed", "2026-01-01T00:00:00Z"),
      at("Product Added", "2026-01-09T00:00:00Z")
    ]
    const second = [...slow, at("Product Viewed", "2026-01-08T00:00:00Z")].sort(
      (a, b) => (a.timestamp < b.timestamp ? -1 : 1)
    )
    expect(trueFunnel([{ events: slow }])).toEqual([1, 0, 0, 0])
    expect(trueFunnel([{ events: second }, { events: [] }])).toEqual([1, 1, 0, 0])
  })
})

describe("drawFunnel", () => {
  it("draws shares of the first step, and nothing of nobody", () => {
    const text = drawFunnel([
      { event: "A", count: 200 },
      { event: "B", count: 50 }
    ])
    expect(text).toContain("100.0 %")
    expect(text).toContain("25.0 %")
    expect(drawFunnel([{ event: "A", count: 0 }])).toContain("0.0 %")
  })
})
