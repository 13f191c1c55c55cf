import { describe, expect, it, setDefaultTimeout } from "bun:test"
import fc from "fast-check"
import { aucOf } from "../../src/metrics/auc.ts"
import { aucDifference, aucInterval } from "../../src/metrics/aucDifference.ts"
import { averagePrecisionOf } from "../../src/metrics/averagePrecision.ts"
import { liftsOf } from "../../src/metrics/lift.ts"
import { risingOrder } from "../../src/metrics/ranks.ts"
import { makeRandom } from "../../src/train/Random.ts"
import { normal } from "../support/laws.ts"

setDefaultTimeout(60_000)

/** Labels and two scores of few values, so that many are equal. */
const scored = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 1 }),
      fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true })),
      fc.integer({ min: 0, max: 4 })
    ),
    { maxLength: 40 }
  )
  .map((rows) => ({
    labels: Uint8Array.from(rows, ([label]) => label),
    scores: Float64Array.from(rows, ([, score]) => score),
    others: Float64Array.from(rows, ([, , other]) => other)
  }))

const beats = (a: number, b: number): number => (a > b ? 1 : a === b ? 0.5 : 0)

const split = (labels: Uint8Array, scores: Float64Array) => ({
  high: [...scores].filter((_, row) => labels[row] === 1),
  low: [...scores].filter((_, row) => labels[row] === 0)
})

const pairwise = (labels: Uint8Array, scores: Float64Array) => {
  const { high, low } = split(labels, scores)
  const won = high.flatMap((a) => low.map((b) => beats(a, b)))
  return won.length === 0
    ? undefined
    : won.reduce((sum, one) => sum + one, 0) / won.length
}

const variance = (values: ReadonlyArray<number>) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return (
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  )
}

describe("AUC", () => {
  it("is the share of pairs in the right order, equal ones half", () => {
    fc.assert(
      fc.property(scored, ({ labels, scores }) => {
        const slow = pairwise(labels, scores)
        const fast = aucOf(labels, scores)
        if (slow === undefined) expect(fast).toBeUndefined()
        else expect(fast).toBeCloseTo(slow, 12)
      })
    )
  })

  it("differs by what DeLong's pairs say", () => {
    fc.assert(
      fc.property(scored, ({ labels, scores, others }) => {
        const found = aucDifference(labels, scores, others)
        const [a, b] = [split(labels, scores), split(labels, others)]
        if (a.high.length < 2 || a.low.length < 2) {
          expect(found).toBeUndefined()
          return
        }
        const won = (x: typeof a) =>
          x.high.map((high) => x.low.map((low) => beats(high, low)))
        const [first, second] = [won(a), won(b)]
        const cells = first.map((row, i) =>
          row.map((one, j) => one - (second[i]?.[j] ?? 0))
        )
        const mean = (list: ReadonlyArray<number>) =>
          list.reduce((sum, one) => sum + one, 0) / list.length
        const byHigh = cells.map(mean)
        const byLow = a.low.map((_, j) => mean(cells.map((row) => row[j] ?? 0)))
        expect(found?.value).toBeCloseTo(mean(byHigh), 10)
        expect(found?.error).toBeCloseTo(
          Math.sqrt(variance(byHigh) / byHigh.length + variance(byLow) / byLow.length),
          10
        )
      })
    )
  })

  it("holds nothing better by a margin that is not, 95 times of 100", () => {
    const random = makeRandom(17)
    let [covered, alone] = [0, 0]
    const rounds = 300
    for (let round = 0; round < rounds; round++) {
      const labels = Uint8Array.from({ length: 200 }, () => (random() < 0.4 ? 1 : 0))
      const shared = Float64Array.from(labels, (label) => label + normal(random))
      // Two equally noisy views of the same: in truth their AUCs are equal.
      const view = () => shared.map((score) => score + normal(random))
      const [scores, others] = [view(), view()]
      const difference = aucDifference(labels, scores, others)
      const own = aucInterval(labels, scores)
      if ((difference?.low ?? 1) <= 0 && (difference?.high ?? -1) >= 0) covered++
      // P(N(1, 2 · 2) > 0) = Φ(1 / 2)
      if (
        (own?.low ?? 1) <= 0.6914624612740131 &&
        (own?.high ?? 0) >= 0.6914624612740131
      )
        alone++
    }
    for (const count of [covered, alone]) {
      expect(count / rounds).toBeGreaterThan(0.91)
      expect(count / rounds).toBeLessThan(0.985)
    }
  })
})

describe("average precision and lift", () => {
  const labels = Uint8Array.of(0, 0, 1, 1)
  const scores = Float64Array.of(0.1, 0.4, 0.35, 0.8)

  it("are as worked out by hand", () => {
    expect(aucOf(labels, scores)).toBe(0.75)
    expect(averagePrecisionOf(labels, scores)).toBeCloseTo(5 / 6, 12)
    expect(liftsOf(labels, scores, [0.25, 0.5, 1])).toEqual([
      { share: 0.25, rows: 1, rate: 1, lift: 2, captured: 0.5 },
      { share: 0.5, rows: 2, rate: 0.5, lift: 1, captured: 0.5 },
      { share: 1, rows: 4, rate: 0.5, lift: 1, captured: 1 }
    ])
  })

  it("favour no row of equal score", () => {
    const flat = new Float64Array(4).fill(0.3)
    expect(averagePrecisionOf(labels, flat)).toBe(0.5)
    for (const { lift } of liftsOf(labels, flat)) expect(lift).toBeCloseTo(1, 12)
  })

  it("say nothing without a row labelled 1", () => {
    expect(averagePrecisionOf(new Uint8Array(4), scores)).toBeUndefined()
    expect(liftsOf(new Uint8Array(4), scores)).toEqual([])
  })

  it("end, and rank last, where a score is no number", () => {
    const nan = Number.NaN
    const infinite = Number.POSITIVE_INFINITY
    expect([
      ...risingOrder(Float64Array.of(3, nan, infinite, 1, nan, infinite, 2, -infinite))
    ]).toEqual([7, 3, 6, 0, 2, 5, 1, 4])
    const scores = Float64Array.of(nan, 0.2, nan, 0.1)
    const labels = Uint8Array.of(0, 1, 1, 0)
    expect(averagePrecisionOf(labels, scores)).toBeCloseTo((1 + 2 / 3) / 2, 12)
    expect(liftsOf(labels, scores, [0.5])).toMatchObject([{ rows: 2, rate: 0.5 }])
  })

  it("do not depend on the order of rows, nor on more than the order of scores", () => {
    fc.assert(
      fc.property(scored, ({ labels, others }) => {
        const turned = [labels.toReversed(), others.toReversed()] as const
        const bent = others.map((score) => score ** 3 - 7)
        for (const measure of [averagePrecisionOf, aucOf]) {
          const own = measure(labels, others) ?? -1
          expect(measure(...turned) ?? -1).toBeCloseTo(own, 12)
          expect(measure(labels, bent) ?? -1).toBe(own)
        }
      })
    )
  })
})
