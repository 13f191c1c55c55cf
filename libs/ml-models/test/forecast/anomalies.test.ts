import { describe, expect, it } from "bun:test"
import * as fc from "fast-check"
import type { AnomaliesRequest } from "../../src/forecast/Anomalies.ts"
import { anomaliesOf } from "../../src/forecast/anomaliesOf.ts"

/** Numbers from 0 to 1 that are the same in every run. */
const random = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return (seed + 0.5) / 2 ** 32
}

const draws = (seed: number) => {
  const uniform = random(seed)
  const normal = () =>
    Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  return {
    normal,
    exponential: () => -Math.log(uniform()),
    /** By the normal approximation; means of 30 and more. */
    poisson: (mean: number) =>
      Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()))
  }
}

const seriesOf = (length: number, value: (index: number) => number) =>
  Array.from({ length }, (_, index) => value(index))

const flags = (request: Omit<AnomaliesRequest, "falseAlarmRate">, rate = 0.01) => {
  const { points } = anomaliesOf({ ...request, falseAlarmRate: rate })
  return points.flatMap(({ anomaly }, index) => (anomaly ? [[index, anomaly]] : []))
}

describe("false alarms", () => {
  const { exponential, normal, poisson } = draws(7)
  let level = 0
  const worlds: Readonly<Record<string, (index: number) => number>> = {
    normal: () => 100 + 10 * normal(),
    "around zero": () => normal(),
    exponential: () => 100 * exponential(),
    counts: () => poisson(400),
    "alike their neighbours": () => {
      level = 0.8 * level + normal()
      return level
    },
    rising: (index) => poisson(100 + index)
  }
  for (const [name, value] of Object.entries(worlds))
    for (const rate of [0.01, 0.05])
      it(`are ${100 * rate} % of ${name} values`, () => {
        let alarms = 0
        let judged = 0
        for (let run = 0; run < 3; run++) {
          level = 0
          const { points } = anomaliesOf({
            values: seriesOf(2000, value),
            interval: "custom",
            falseAlarmRate: rate
          })
          judged += points.filter(({ upper }) => upper !== null).length
          alarms += points.filter(({ anomaly }) => anomaly !== null).length
        }
        expect(alarms / judged / rate).toBeGreaterThan(0.7)
        expect(alarms / judged / rate).toBeLessThan(1.3)
      }, 60_000)
})

describe("anomalies", () => {
  const { poisson } = draws(3)

  it("are spikes and drops, not the peaks of every day and week", () => {
    const values = seriesOf(24 * 56, (hour) => {
      const day = Math.floor(hour / 24) % 7
      return poisson((day > 4 ? 60 : 200) + (hour % 24 === 20 ? 300 : 0))
    })
    const calm = flags({ values, interval: "hour" })
    expect(calm.length).toBeLessThan(0.02 * values.length)
    values[1000] = 900
    values[1100] = 0
    const found = flags({ values, interval: "hour" })
    expect(found).toContainEqual([1000, "high"])
    expect(found).toContainEqual([1100, "low"])
  })

  it("are nothing among a handful of events", () => {
    const values = [...seriesOf(60, () => 1), 3, 1, 0, 5, 1]
    expect(flags({ values, interval: "day" })).toEqual([])
    values[62] = 25
    expect(flags({ values, interval: "day" })).toEqual([[62, "high"]])
  })

  it("are missing values where there usually are none", () => {
    const known = seriesOf(60, () => poisson(100))
    const gap = known.map((value, index) => (index === 50 ? null : value))
    expect(flags({ values: gap, interval: "custom" }, 0.001)).toEqual([[50, "missing"]])
    const sparse = known.map((value, index) => (index % 3 === 0 ? null : value))
    expect(flags({ values: sparse, interval: "custom" }, 0.001)).toEqual([])
  })

  it("hardly move what is expected next", () => {
    const values = seriesOf(300, () => poisson(100))
    values[200] = 100_000
    const { points } = anomaliesOf({ values, interval: "custom", falseAlarmRate: 0.01 })
    expect(points[201]?.expected).toBeLessThan(115)
  })

  it("do not hide the next one", () => {
    const values = seriesOf(300, () => poisson(100))
    for (const at of [100, 140, 180, 220, 260]) values[at] = 1000
    expect(flags({ values, interval: "custom" }).map(([at]) => at)).toEqual(
      expect.arrayContaining([100, 140, 180, 220, 260])
    )
  })

  it("are judged by the past alone", () => {
    const value = fc.oneof(fc.integer({ min: 0, max: 500 }), fc.constant(null))
    const values = fc.array(value, { minLength: 30, maxLength: 90 })
    fc.assert(
      fc.property(values, fc.nat({ max: 89 }), (all, cut) => {
        const ask = (some: ReadonlyArray<number | null>) =>
          anomaliesOf({
            values: some,
            interval: "day",
            // What seasons there may be, and that values are counts, is known of the whole.
            seasonLengths: [],
            minimumChange: 5,
            falseAlarmRate: 0.01
          }).points
        expect(ask(all.slice(0, cut))).toEqual(ask(all).slice(0, cut))
      }),
      { numRuns: 50 }
    )
  })

  it("stay the same when everything is larger", () => {
    const value = fc.integer({ min: 100, max: 5000 })
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 30, maxLength: 120 }),
        fc.constantFrom(2, 64, 1000),
        (values, times) => {
          const ask = (some: ReadonlyArray<number>) =>
            flags({ values: some, interval: "day", minimumChange: 0 }, 0.05)
          expect(ask(values.map((each) => each * times))).toEqual(ask(values))
        }
      ),
      { numRuns: 50 }
    )
  })
})

describe("change points", () => {
  const { normal, poisson } = draws(11)
  const changes = (
    values: ReadonlyArray<number>,
    interval: "custom" | "day" = "custom"
  ) => anomaliesOf({ values, interval, falseAlarmRate: 0.01 }).changePoints

  it("are where the level shifts and stays, spikes left aside", () => {
    const values = seriesOf(200, (index) => poisson(index < 120 ? 100 : 160))
    values[50] = 400
    values[80] = 0
    const [change, ...others] = changes(values)
    expect(others).toEqual([])
    expect(Math.abs((change?.index ?? 0) - 120)).toBeLessThan(3)
    expect(change?.before).toBeCloseTo(100, -1)
    expect(change?.after).toBeCloseTo(160, -1)
  })

  it("are not where only the first or the last value is far off", () => {
    const usual = [120, 132, 101, 134, 118, 125, 109, 131, 128, 122, 117, 126, 119]
    expect(changes([...usual, 410])).toEqual([])
    expect(changes([410, ...usual])).toEqual([])
  })

  it("are hardly ever there when nothing shifts", () => {
    const quiet: ReadonlyArray<(index: number) => number> = [
      () => 100 + 10 * normal(),
      (index) => 100 + index + 10 * normal(),
      (index) => poisson(index % 7 > 4 ? 60 : 300)
    ]
    const found = quiet.flatMap((value) =>
      Array.from({ length: 40 }, () => changes(seriesOf(150, value), "day"))
    )
    expect(found.filter(({ length }) => length > 0).length).toBeLessThan(8)
  })
})
