import { describe, expect, it } from "bun:test"
import * as fc from "fast-check"
import { answerForecast } from "../../src/forecast/answers.ts"
import type { Forecasted, ForecastRequest } from "../../src/forecast/Forecast.ts"
import { forecast } from "../../src/forecast/forecastSeries.ts"
import { fewSeries } from "./publicSeries.ts"

const made = (request: ForecastRequest): Forecasted => {
  const found = forecast(request)
  if ("refused" in found) throw new Error(found.detail)
  return found
}

const value = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 400 }) },
  { weight: 1, arbitrary: fc.constant(null) }
)

/** Counts by day, often with a week in them, at least four known. */
const request: fc.Arbitrary<ForecastRequest> = fc
  .record({
    values: fc.array(value, { minLength: 4, maxLength: 60 }),
    week: fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 7, maxLength: 7 }),
    horizon: fc.integer({ min: 1, max: 20 })
  })
  .map(({ horizon, values, week }) => ({
    values: [
      1,
      2,
      3,
      ...values.map((each, index) =>
        each === null ? null : each + (week[index % 7] ?? 0)
      )
    ],
    interval: "day" as const,
    horizon,
    levels: [0.5, 0.8, 0.95]
  }))

const near = (one: number, other: number) =>
  expect(Math.abs(one - other)).toBeLessThanOrEqual(1e-6 * Math.abs(other))

describe("a forecast", () => {
  it("is as long as asked, and its intervals lie around it, each level in the next", () => {
    fc.assert(
      fc.property(request, (asked) => {
        const { intervals, point, weights } = made(asked)
        expect(point).toHaveLength(asked.horizon)
        const sum = weights.reduce((total, { weight }) => total + weight, 0)
        expect(sum).toBeCloseTo(1, 12)
        for (const [index, { lower, upper }] of intervals.entries())
          for (let step = 0; step < asked.horizon; step++) {
            const inner = intervals[index - 1]
            const [low, high] = [lower[step] ?? Number.NaN, upper[step] ?? Number.NaN]
            expect(low).toBeGreaterThanOrEqual(0)
            expect(low).toBeLessThanOrEqual((inner?.lower ?? point)[step] ?? 0)
            expect(high).toBeGreaterThanOrEqual((inner?.upper ?? point)[step] ?? 0)
          }
      }),
      { numRuns: 25 }
    )
  })

  it("grows with its values: a thousand times as much, a thousand times the forecast", () => {
    fc.assert(
      fc.property(
        request,
        fc.constantFrom(1e-10, 0.001, 0.3, 8, 1e10),
        (asked, times) => {
          const { intervals, model, point } = made(asked)
          const large = made({
            ...asked,
            values: asked.values.map((each) => (each === null ? null : each * times))
          })
          expect(large.model).toBe(model)
          point.forEach((each, step) => {
            near(large.point[step] ?? 0, each * times)
            const upper = intervals[2]?.upper[step] ?? 0
            near(large.intervals[2]?.upper[step] ?? 0, upper * times)
          })
        }
      ),
      { numRuns: 15 }
    )
  })

  it("of a decomposition grows with its values as well", () => {
    const [air] = fewSeries()
    if (!air) throw new Error("it is the first")
    const asked = { ...air, values: air.values.slice(-90), horizon: 3, levels: [0.9] }
    const { model, point } = made(asked)
    expect(model).toBe("mstl_log")
    for (const times of [1e-6, 1e6]) {
      const values = asked.values.map((each) => each * times)
      made({ ...asked, values }).point.forEach((each, step) => {
        near(each, (point[step] ?? 0) * times)
      })
    }
  })

  it("does not depend on when it is, and is the same each time", () => {
    fc.assert(
      fc.property(request, ({ horizon, values }) => {
        const [now, then] = ["2025-01-06T00:00:00Z", "1999-03-01T00:00:00Z"].map(
          (start) => answerForecast({ values, interval: "day", horizon, start })
        )
        if (now === undefined || "fault" in now) throw new Error("it has no fault")
        expect(then).toEqual({ ...then, forecast: now.forecast } as typeof then)
      }),
      { numRuns: 10 }
    )
  })

  it("of nothing known is refused, of a constant is that constant", () => {
    expect(
      forecast({ values: [null, 3, null], interval: "day", horizon: 2, levels: [0.9] })
    ).toMatchObject({ refused: "too_few_values" })
    for (const level of [0, 7, -3]) {
      const { intervals, point } = made({
        values: new Array<number>(40).fill(level),
        interval: "day",
        horizon: 3,
        levels: [0.9]
      })
      expect(point.map((each) => each + 0)).toEqual([level, level, level])
      expect(intervals[0]?.coverage).toBe(1)
    }
  })

  it("takes a gap before the end for time that passed", () => {
    const week = [10, 20, 30, 40, 50, 5, 5]
    const values = Array.from({ length: 70 }, (_, day) => week[day % 7] ?? 0)
    const asked = { interval: "day", horizon: 4, levels: [0.9] } as const
    const whole = made({ ...asked, values })
    expect(whole.point).toEqual([10, 20, 30, 40])
    const cut = made({ ...asked, values: [...values, null, null] })
    expect(cut.point).toEqual([30, 40, 50, 5])
  })

  it("is as uncertain after a long gap as before it", () => {
    const values = Array.from({ length: 163 }, (_, day) => 100 + ((day * day) % 41))
    const widthOf = (given: ReadonlyArray<number | null>) => {
      const asked = { interval: "day", horizon: 1, levels: [0.9] } as const
      const [interval] = made({ ...asked, values: given }).intervals
      return (interval?.upper[0] ?? 0) - (interval?.lower[0] ?? 0)
    }
    const gap = values.map((each, day) => (day < 100 || day > 159 ? each : null))
    expect(widthOf(gap)).toBeGreaterThan(widthOf(values) / 2)
  })

  it("of 20,000 values ends soon", () => {
    const values = Array.from(
      { length: 20_000 },
      (_, hour) => 100 + 50 * Math.sin((hour * Math.PI) / 12) + ((hour * 7919) % 13)
    )
    const { backtest, point } = made({
      values,
      interval: "hour",
      horizon: 1000,
      levels: [0.9]
    })
    expect(point).toHaveLength(1000)
    expect(backtest.origins).toBeGreaterThan(8)
  }, 60_000)
})
