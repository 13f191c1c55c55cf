import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { meanByPeriod, settled, wholePeriods } from "../lib/cohorts.ts"
import { calibration, curve, judged } from "../lib/curves.ts"
import { outcomes, silences } from "../lib/quality.ts"
import { duration, interval, percent } from "../lib/statistics.ts"

/** People by what was said, with both outcomes among them. */
const told = fc
  .uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 2, maxLength: 12 })
  .chain((said) =>
    fc.tuple(
      ...said.map((it) =>
        fc
          .integer({ min: 1, max: 20 })
          .chain((people) =>
            fc
              .integer({ min: 0, max: people })
              .map((positives) => ({ probability: it / 100, people, positives }))
          )
      )
    )
  )
  .filter((all) => {
    const positives = all.reduce((sum, it) => sum + it.positives, 0)
    const people = all.reduce((sum, it) => sum + it.people, 0)
    return positives >= 2 && people - positives >= 2
  })

describe("curves", () => {
  it("has the area that the jobs call AUC", () => {
    fc.assert(
      fc.property(told, (all) => {
        const points = curve(all)
        let area = 0
        points.forEach((point, at) => {
          const before = points[at - 1]
          if (before !== undefined)
            area +=
              ((point.falseAlarms - before.falseAlarms) * (point.hits + before.hits)) /
              2
        })
        expect(area).toBeCloseTo(judged(all).auc?.value ?? Number.NaN, 9)
        expect(points.at(-1)).toMatchObject({ share: 1, hits: 1, falseAlarms: 1 })
      })
    )
  })

  it("keeps everybody when it groups", () => {
    fc.assert(
      fc.property(told, fc.integer({ min: 2, max: 20 }), (all, groups) => {
        const found = calibration(all, groups)
        const people = all.reduce((sum, it) => sum + it.people, 0)
        const positives = all.reduce((sum, it) => sum + it.positives, 0)
        expect(found.reduce((sum, it) => sum + it.rows, 0)).toBe(people)
        expect(found.reduce((sum, it) => sum + it.rows * it.observed, 0)).toBeCloseTo(
          positives,
          9
        )
      })
    )
  })
})

describe("cohorts", () => {
  const cohorts = [
    { size: 10, counts: [10, 5, 4], rates: [1, 0.5, 0.4] },
    { size: 30, counts: [30, 6], rates: [1, 0.2] },
    { size: 5, counts: [5], rates: [1] }
  ]
  it("leave out the period that is under way", () => {
    expect(wholePeriods(cohorts).map(({ counts }) => counts)).toEqual([[10, 5], [30]])
    expect(wholePeriods([])).toEqual([])
  })
  it("divide by those whose period has come", () => {
    expect(meanByPeriod(cohorts)).toEqual([
      { period: 0, people: 45, returned: 45 },
      { period: 1, people: 40, returned: 11 },
      { period: 2, people: 10, returned: 4 }
    ])
  })
  it("settle where nothing later is much lower", () => {
    const of = (...shares: ReadonlyArray<number>) =>
      settled(shares.map((share) => ({ share })))?.share
    expect(of(0.5, 0.3, 0.2, 0.19, 0.2)).toBe(0.2)
    expect(of(0.5, 0.4, 0.3)).toBeUndefined()
    expect(of()).toBeUndefined()
  })
})

describe("quality", () => {
  it("has every outcome of the accounting", () => {
    const all = outcomes({
      accepted: 28,
      stored: 1,
      duplicate: 2,
      quarantined: 3,
      dropped: { no_consent: 4, excluded_path: 5 },
      erased: 6,
      expired: 7,
      pending: 0,
      balanced: true
    })
    expect(all.reduce((sum, { events }) => sum + events, 0)).toBe(28)
  })
  it("finds silence between events only", () => {
    const buckets = Array.from({ length: 8 }, (_, at) => `2026-01-01T0${at}:00:00.000Z`)
    expect(silences(buckets, [0, 0, 1, 0, 0, 3, 0, 0], 2)).toEqual([
      {
        from: new Date("2026-01-01T03:00:00.000Z"),
        to: new Date("2026-01-01T05:00:00.000Z"),
        buckets: 2
      }
    ])
    expect(silences(buckets, [0, 0, 1, 0, 0, 3, 0, 0], 3)).toEqual([])
    expect(silences([], [], 1)).toEqual([])
  })
})

describe("statistics", () => {
  it("knows Wilson's interval", () => {
    // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20.
    const shown = (hits: number, of: number) => {
      const { high, low } = interval(hits, of)
      return [low.toFixed(4), high.toFixed(4)]
    }
    expect(shown(81, 263)).toEqual(["0.2553", "0.3662"])
    expect(shown(15, 148)).toEqual(["0.0624", "0.1605"])
    expect(shown(0, 20)).toEqual(["0.0000", "0.1611"])
    expect(interval(0, 0).share).toBeNaN()
  })
  it("writes durations and shares", () => {
    expect([0, 0.2, 59, 60, 3725, 93_600, 86_400 * 30, null].map(duration)).toEqual([
      "0 s",
      "< 1 s",
      "59 s",
      "1 min",
      "1 h 2 min",
      "1 d 2 h",
      "30 d",
      "–"
    ])
    expect([percent(0.1234), percent(null), percent(0.5, 0)]).toEqual([
      "12.3 %",
      "–",
      "50 %"
    ])
  })
})
