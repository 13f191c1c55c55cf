import { describe, expect, it, setDefaultTimeout } from "bun:test"
import fc from "fast-check"
import {
  calibrationError,
  calibrationTable
} from "../../src/metrics/calibrationTable.ts"
import { evaluate } from "../../src/metrics/evaluate.ts"
import { brierOf, logLossOf } from "../../src/metrics/probabilityScores.ts"
import { linearLaw } from "../support/laws.ts"

setDefaultTimeout(60_000)

const labels = Uint8Array.of(1, 0, 1, 0)
const said = Float64Array.of(0.9, 0.2, 0.4, 0.6)

describe("probabilities are judged", () => {
  it("by log loss and Brier score as worked out by hand", () => {
    const loss = -(Math.log(0.9) + Math.log(0.8) + 2 * Math.log(0.4)) / 4
    expect(logLossOf(labels, said)).toBeCloseTo(loss, 12)
    expect(brierOf(labels, said)).toBeCloseTo((0.01 + 0.04 + 0.36 + 0.36) / 4, 12)
    expect(logLossOf(Uint8Array.of(1), Float64Array.of(0))).toBeCloseTo(34.54, 1)
    expect(brierOf(new Uint8Array(0), new Float64Array(0))).toBeUndefined()
  })

  it("by bins that hold every row once, equal probabilities together", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 6 })),
          {
            maxLength: 50
          }
        ),
        fc.integer({ min: 1, max: 12 }),
        (rows, bins) => {
          const came = Uint8Array.from(rows, ([label]) => label)
          const table = calibrationTable(
            came,
            Float64Array.from(rows, ([, p]) => p / 6),
            bins
          )
          const sum = (of: (bin: (typeof table)[number]) => number) =>
            table.reduce((all, bin) => all + of(bin), 0)
          expect(table.length).toBeLessThanOrEqual(bins)
          expect(sum(({ rows }) => rows)).toBe(rows.length)
          expect(sum(({ rows, observed }) => rows * observed)).toBeCloseTo(
            came.reduce((all, one) => all + one, 0),
            9
          )
          for (const [index, bin] of table.entries())
            expect(bin.lowest).toBeGreaterThan(table[index - 1]?.highest ?? -1)
        }
      )
    )
  })

  it("the truth being well calibrated, and twice its log odds not", () => {
    const { labels, truth } = linearLaw(20_000, 2)
    const sure = truth.map((p) => p ** 2 / (p ** 2 + (1 - p) ** 2))
    expect(calibrationError(calibrationTable(labels, truth))).toBeLessThan(0.015)
    expect(calibrationError(calibrationTable(labels, sure))).toBeGreaterThan(0.05)
    expect(calibrationError([])).toBe(0)
  })

  it("all at once, as JSON, whatever is missing", () => {
    const whole = evaluate(labels, said)
    expect(whole).toMatchObject({ rows: 4, positives: 2, auc: { value: 0.75 } })
    for (const own of [whole, evaluate(new Uint8Array(2), Float64Array.of(0.1, 0.2))])
      expect(JSON.parse(JSON.stringify(own))).toEqual(own)
    expect(evaluate(new Uint8Array(0), new Float64Array(0))).toMatchObject({
      auc: null,
      logLoss: null,
      averagePrecision: null
    })
  })
})
