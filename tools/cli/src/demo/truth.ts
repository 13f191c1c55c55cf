import type { Shopper } from "./Shop.ts"

/** The funnel that the demo asks, and whose answer it knows beforehand. */
export const funnelSteps = [
  "Product Viewed",
  "Product Added",
  "Checkout Started",
  "Order Completed"
] as const

export const funnelWindowSeconds = 7 * 24 * 3600

/** How many steps the best attempt of one shopper reached, by trying every entry. */
const furthest = (events: Shopper["events"]): number => {
  const window = funnelWindowSeconds * 1000
  const moments = events.map((event) => ({
    name: event.event,
    at: Date.parse(event.timestamp)
  }))
  let best = 0
  moments.forEach((entry, index) => {
    if (entry.name !== funnelSteps[0]) return
    let reached = 1
    for (const { at, name } of moments.slice(index + 1)) {
      if (at > entry.at + window) break
      if (name === funnelSteps[reached]) reached++
    }
    best = Math.max(best, reached)
  })
  return best
}

/** People per step, counted from what the generator knows of each shopper. */
export const trueFunnel = (shoppers: ReadonlyArray<Shopper>): ReadonlyArray<number> => {
  const reached = shoppers.map((one) => furthest(one.events))
  return funnelSteps.map((_, step) => reached.filter((steps) => steps > step).length)
}
