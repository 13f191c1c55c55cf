import { describe, expect, it } from "bun:test"
import { meanOf, measured, tableOf } from "./measure.ts"
import { allSeries, fewSeries } from "./publicSeries.ts"

const isLong = process.env["TEST_LONG"] === "1"

describe("forecasts of public series", () => {
  it("are hardly ever worse than repeating, and their intervals hold", () => {
    const rows = (isLong ? allSeries() : fewSeries()).map((series) =>
      measured(series, isLong ? 12 : 6)
    )
    if (isLong) process.stdout.write(`${tableOf(rows)}\n`)
    const worse = rows.filter(({ ratio }) => ratio > 1.05)
    // A share of 68 months that rises and then falls misleads whoever learnt from its past.
    expect(worse.length).toBeLessThanOrEqual(isLong ? 1 : 0)
    expect(worse.filter(({ ratio }) => ratio > 1.1)).toEqual([])
    expect(meanOf(rows.map(({ ratio }) => ratio))).toBeLessThan(0.9)
    const covered = meanOf(rows.map(({ coverage }) => coverage))
    // Few series say little of coverage: stocks fell as never before.
    expect(covered).toBeGreaterThan(isLong ? 0.85 : 0.75)
    expect(covered).toBeLessThan(0.95)
  }, 1_800_000)

  it("of air passengers halve the error of last year's values", () => {
    const [air] = fewSeries()
    if (!air) throw new Error("it is the first")
    expect(measured(air, 6).ratio).toBeLessThan(0.55)
  })
})
