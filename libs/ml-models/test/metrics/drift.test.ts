import { describe, expect, it, setDefaultTimeout } from "bun:test"
import fc from "fast-check"
import { driftBetween, driftOf, referenceHistogram } from "../../src/metrics/drift.ts"
import { makeRandom } from "../../src/train/Random.ts"
import { normal } from "../support/laws.ts"

setDefaultTimeout(60_000)

const values = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 5 }) },
      { weight: 3, arbitrary: fc.double() },
      { weight: 1, arbitrary: fc.constant(Number.NaN) }
    ),
    { maxLength: 80 }
  )
  .map((list) => Float64Array.from(list))

const draws = (rows: number, seed: number, shift = 0) => {
  const random = makeRandom(seed)
  return Float64Array.from({ length: rows }, () => normal(random) + shift)
}

describe("drift", () => {
  it("of the same is none, of anything is finite and not negative, both ways alike", () => {
    fc.assert(
      fc.property(values, values, (before, after) => {
        const reference = referenceHistogram(before)
        const inBins = reference.counts.reduce((sum, count) => sum + count, 0)
        expect(inBins + reference.missing).toBe(before.length)
        expect(driftOf(reference, before).psi).toBe(0)
        expect(JSON.parse(JSON.stringify(reference))).toEqual(reference)
        const { psi, expected } = driftOf(reference, after)
        expect(psi).toBeGreaterThanOrEqual(0)
        expect(Number.isFinite(psi) && Number.isFinite(expected)).toBe(true)
        const again = driftOf(reference, Float64Array.from([...before, ...before]))
        expect(again.psi).toBeCloseTo(0, 12)
      })
    )
  })

  it("is none between probabilities and the same in 32 bits, however often one occurs", () => {
    const said = Float64Array.from({ length: 3000 }, (_, row) => 0.1 + (row % 7) / 70)
    expect(driftOf(referenceHistogram(said), Float32Array.from(said)).psi).toBe(0)
  })

  it("is as worked out by hand, missing values a bin of their own", () => {
    const reference = { edges: [1], counts: [50, 25], missing: 25 }
    const now = { edges: [1], counts: [25, 25], missing: 50 }
    const drift = driftBetween(reference, now)
    expect(drift.psi).toBeCloseTo(0.5 * Math.log(2), 12)
    expect(drift.expected).toBeCloseTo(2 * (1 / 100 + 1 / 100), 12)
    expect(driftBetween(now, reference).psi).toBeCloseTo(drift.psi, 12)
  })

  it("is about what chance makes it where nothing changed, and far more where it did", () => {
    const reference = referenceHistogram(draws(5000, 1))
    expect(reference.counts.every((count) => count === 500)).toBe(true)
    const found = Array.from({ length: 60 }, (_, at) =>
      driftOf(reference, draws(1000, 50 + at))
    )
    const mean = found.reduce((sum, { psi }) => sum + psi, 0) / found.length
    const expected = found[0]?.expected ?? 0
    expect(mean / expected).toBeGreaterThan(0.7)
    expect(mean / expected).toBeLessThan(1.4)
    expect(driftOf(reference, draws(1000, 9, 0.8)).psi).toBeGreaterThan(0.25)
  })
})
