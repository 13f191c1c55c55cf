import { describe, expect, it, setDefaultTimeout } from "bun:test"
import { Result } from "effect"
import fc from "fast-check"
import type { Dataset } from "../../src/train/Dataset.ts"
import { takeRows } from "../../src/train/holdout.ts"
import { logOddsOf, probabilitiesOf } from "../../src/train/predict.ts"
import { type LinearOptions, trainLinear } from "../../src/train/trainLinear.ts"
import { linearLaw } from "../support/laws.ts"

setDefaultTimeout(60_000)

const train = (dataset: Dataset, options: LinearOptions = {}) =>
  Result.getOrThrow(trainLinear(dataset, options))

const one = (
  values: ReadonlyArray<number>,
  labels: ReadonlyArray<number>
): Dataset => ({
  names: ["x"],
  columns: [Float32Array.from(values)],
  rows: values.length,
  labels: Uint8Array.from(labels)
})

/** Slope of half the L2 and the summed log loss by each standardised weight. */
const slopesOf = (
  dataset: Dataset,
  model: ReturnType<typeof train>,
  l2: number
): ReadonlyArray<number> => {
  const off = probabilitiesOf(model, dataset).map(
    (p, row) => p - (dataset.labels[row] ?? 0)
  )
  const sum = (values: Float64Array) => values.reduce((all, own) => all + own, 0)
  return [
    sum(off),
    ...model.weights.map((weight, index) => {
      const { [index]: mean = 0 } = model.means
      const { [index]: scale = 1 } = model.scales
      const { [index]: fill = 0 } = model.fills
      const column = dataset.columns[index] ?? new Float32Array(0)
      return (
        l2 * weight +
        sum(
          off.map((own, row) => {
            const value = column[row] ?? 0
            return (own * ((Number.isNaN(value) ? fill : value) - mean)) / scale
          })
        )
      )
    })
  ]
}

describe("logistic regression", () => {
  it("gives two groups their own odds", () => {
    const model = train(one([0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 1, 0, 1, 1, 1]), {
      l2: 1e-6
    })
    const odds = logOddsOf(model, one([0, 1], [0, 1]))
    expect(odds[0]).toBeCloseTo(Math.log(1 / 3), 4)
    expect(odds[1]).toBeCloseTo(Math.log(3), 4)
  })

  it("finds the weights of its law", () => {
    const { weights, scales, intercept, means } = train(linearLaw(40_000, 5))
    const own = weights.map((weight, index) => weight / (scales[index] ?? 1))
    const shift = own.reduce((sum, w, index) => sum + w * (means[index] ?? 0), 0)
    const truth = [0.9, -0.7, 0.5, -0.4, 0.3, 0.2, 0, 0]
    for (const [index, weight] of truth.entries())
      expect(Math.abs((own[index] ?? 0) - weight)).toBeLessThan(0.06)
    expect(Math.abs(intercept - shift + 1)).toBeLessThan(0.06)
  })

  it("ends where the loss is flat, whatever the data", () => {
    const values = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: -3, max: 3 }) },
      { weight: 1, arbitrary: fc.constant(Number.NaN) },
      { weight: 1, arbitrary: fc.float({ noNaN: true, min: -1e6, max: 1e6 }) }
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(values, values, values, fc.integer({ min: 0, max: 1 })), {
          minLength: 4,
          maxLength: 40
        }),
        fc.constantFrom(0.1, 1, 30),
        fc.constantFrom<"mean" | "median">("mean", "median"),
        (rows, l2, fill) => {
          const dataset: Dataset = {
            names: ["a", "b", "c"],
            columns: [0, 1, 2].map((at) =>
              Float32Array.from(rows, (row) => row[at] ?? 0)
            ),
            rows: rows.length,
            labels: Uint8Array.from(rows, (row, at) => (at < 2 ? at : row[3]))
          }
          for (const slope of slopesOf(dataset, train(dataset, { l2, fill }), l2))
            expect(Math.abs(slope)).toBeLessThan(1e-3)
        }
      )
    )
  })

  it("keeps weights finite where a line tells the labels apart", () => {
    const rows = Array.from({ length: 200 }, (_, row) => row)
    const dataset = one(
      rows,
      rows.map((row) => (row < 100 ? 0 : 1))
    )
    const { weights, intercept } = train(dataset)
    expect(weights[0]).toBeGreaterThan(3)
    expect(weights[0]).toBeLessThan(50)
    expect(Number.isFinite(intercept)).toBe(true)
  })

  it("shares between equal features, and gives nothing to what says nothing", () => {
    const { columns, ...rest } = linearLaw(500, 6)
    const first = columns[0] ?? new Float32Array(500)
    const constant = new Float32Array(500).fill(0.1)
    const dataset = {
      ...rest,
      names: ["a", "b", "c"],
      columns: [first, first, constant]
    }
    const { weights } = train(dataset)
    expect(weights[0]).toBeCloseTo(weights[1] ?? 0, 6)
    expect(weights[0]).toBeGreaterThan(0.2)
    expect(weights[2]).toBe(0)
  })

  it("fills what is missing with the mean or median of the others", () => {
    const dataset = one([1, 2, 9, Number.NaN, Number.NaN], [0, 0, 1, 1, 0])
    expect(train(dataset).fills).toEqual([4])
    expect(train(dataset, { fill: "median" }).fills).toEqual([2])
  })

  it("takes a weight for as many rows", () => {
    const dataset = linearLaw(300, 7)
    const weights = Float32Array.from(dataset.labels, (_, row) => 1 + (row % 3))
    const rows = [...dataset.labels.keys()].flatMap((row) =>
      Array.from({ length: 1 + (row % 3) }, () => row)
    )
    // Standardised by the rows as they stand, so only what it says can be the same.
    const repeated = train(takeRows(dataset, Uint32Array.from(rows)), { l2: 1e-6 })
    const odds = logOddsOf(repeated, dataset)
    const weighted = logOddsOf(train({ ...dataset, weights }, { l2: 1e-6 }), dataset)
    for (const [row, own] of weighted.entries())
      expect(own).toBeCloseTo(odds[row] ?? 0, 3)
  })
})
