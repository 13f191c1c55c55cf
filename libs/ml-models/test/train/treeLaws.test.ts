import { describe, expect, it, setDefaultTimeout } from "bun:test"
import { Result } from "effect"
import fc from "fast-check"
import { logLossOf } from "../../src/metrics/probabilityScores.ts"
import type { Dataset } from "../../src/train/Dataset.ts"
import { takeRows } from "../../src/train/holdout.ts"
import { logOddsOf, probabilitiesOf } from "../../src/train/predict.ts"
import { makeRandom, shuffle } from "../../src/train/Random.ts"
import type { TreeEnsemble } from "../../src/train/TreeEnsemble.ts"
import type { TreeOptions } from "../../src/train/TreeOptions.ts"
import { trainTrees } from "../../src/train/trainTrees.ts"
import { nonlinearLaw } from "../support/laws.ts"

setDefaultTimeout(60_000)

/** Small data in which values collide, are missing, and are far apart. */
const datasets: fc.Arbitrary<Dataset> = fc
  .record({
    rows: fc.integer({ min: 12, max: 60 }),
    width: fc.integer({ min: 1, max: 6 })
  })
  .chain(({ rows, width }) =>
    fc.record({
      columns: fc.array(
        fc
          .array(
            fc.oneof(
              { weight: 5, arbitrary: fc.integer({ min: -3, max: 3 }) },
              {
                weight: 2,
                arbitrary: fc.float({ noNaN: true, noDefaultInfinity: true })
              },
              { weight: 1, arbitrary: fc.constant(Number.NaN) }
            ),
            { minLength: rows, maxLength: rows }
          )
          .map((values) => Float32Array.from(values)),
        { minLength: width, maxLength: width }
      ),
      labels: fc
        .array(fc.integer({ min: 0, max: 1 }), {
          minLength: rows - 2,
          maxLength: rows - 2
        })
        .map((labels) => Uint8Array.from([0, 1, ...labels]))
    })
  )
  .map(({ columns, labels }) => ({
    names: columns.map((_, index) => `f${index}`),
    columns,
    labels,
    rows: labels.length
  }))

const small: TreeOptions = {
  trees: 8,
  learningRate: 0.3,
  leaves: 6,
  minChildWeight: 0.3,
  rowShare: 1,
  columnShare: 1
}

const train = (dataset: Dataset, options: TreeOptions = small): TreeEnsemble =>
  Result.getOrThrow(trainTrees(dataset, options)).model

describe("trees", () => {
  it("do not depend on the order of rows", () => {
    fc.assert(
      fc.property(datasets, fc.integer(), (dataset, seed) => {
        const order = shuffle(Uint32Array.from(dataset.labels.keys()), makeRandom(seed))
        expect(train(takeRows(dataset, order))).toEqual(train(dataset))
      })
    )
  })

  it("take a weight for as many rows", () => {
    const dataset = nonlinearLaw(240, 9)
    const weights = Float32Array.from(dataset.labels, (_, row) => 1 + (row % 3))
    const rows = [...dataset.labels.keys()].flatMap((row) =>
      Array.from({ length: weights[row] ?? 1 }, () => row)
    )
    const repeated = train(takeRows(dataset, Uint32Array.from(rows)))
    const weighted = logOddsOf(train({ ...dataset, weights }), dataset)
    for (const [row, odds] of logOddsOf(repeated, dataset).entries())
      expect(weighted[row]).toBeCloseTo(odds, 4)
  })

  it("see only the order of a feature's values", () => {
    fc.assert(
      fc.property(datasets, (dataset) => {
        const ranked = dataset.columns.map((column) => {
          const distinct = [...new Set(column)]
            .filter((value) => !Number.isNaN(value))
            .toSorted((a, b) => a - b)
          return column.map((value) =>
            Number.isNaN(value) ? value : 3 * distinct.indexOf(value) - 7
          )
        })
        const other = { ...dataset, columns: ranked }
        expect(logOddsOf(train(other), other)).toEqual(
          logOddsOf(train(dataset), dataset)
        )
      })
    )
  })

  it("do not change with a feature that says nothing, or the same again", () => {
    fc.assert(
      fc.property(datasets, (dataset) => {
        const constant = new Float32Array(dataset.rows).fill(4)
        const missing = new Float32Array(dataset.rows).fill(Number.NaN)
        const { columns } = dataset
        const more = {
          ...dataset,
          names: [...dataset.names, "constant", "missing", "again"],
          columns: [...columns, constant, missing, ...columns.slice(0, 1)]
        }
        expect(train(more).trees).toEqual(train(dataset).trees)
      })
    )
  })

  it("are finite, never worse than the base rate on their rows, and means of theirs", () => {
    fc.assert(
      fc.property(datasets, (dataset) => {
        const model = train(dataset)
        const odds = logOddsOf(model, dataset)
        expect(odds.every(Number.isFinite)).toBe(true)
        const rate = dataset.labels.reduce((sum, one) => sum + one, 0) / dataset.rows
        const flat = new Float64Array(dataset.rows).fill(rate)
        expect(logLossOf(dataset.labels, probabilitiesOf(model, dataset))).toBeLessThan(
          (logLossOf(dataset.labels, flat) ?? 0) + 1e-6
        )
        // Roots are means over all rows, so base and roots are the mean log odds.
        const roots = model.trees.reduce((sum, tree) => sum + (tree.value[0] ?? 0), 0)
        const mean = odds.reduce((sum, own) => sum + own, 0) / dataset.rows
        expect(mean).toBeCloseTo(model.base + roots, 4)
      })
    )
  })

  it("keep the direction that is asked of them", () => {
    fc.assert(
      fc.property(datasets, fc.constantFrom<1 | -1>(1, -1), (dataset, direction) => {
        const model = train(dataset, { ...small, monotone: { f0: direction } })
        const points = [...new Set(dataset.columns[0])]
          .filter((value) => !Number.isNaN(value))
          .toSorted((a, b) => (a - b) * direction)
        for (let row = 0; row < Math.min(8, dataset.rows); row++) {
          const columns = dataset.columns.map((column, index) =>
            index === 0
              ? Float32Array.from(points)
              : new Float32Array(points.length).fill(column[row] ?? 0)
          )
          const odds = logOddsOf(model, { ...dataset, columns, rows: points.length })
          for (let at = 1; at < odds.length; at++)
            expect(odds[at] ?? 0).toBeGreaterThanOrEqual((odds[at - 1] ?? 0) - 1e-9)
        }
      })
    )
  })

  it("are the same each time, and others by another seed", () => {
    const dataset = nonlinearLaw(2000, 3)
    const options = { trees: 10, rowShare: 0.5, columnShare: 0.5 }
    const once = train(dataset, { ...options, seed: 4 })
    expect(train(dataset, { ...options, seed: 4 })).toEqual(once)
    expect(train(dataset, { ...options, seed: 5 })).not.toEqual(once)
  })

  it("answer with thresholds as they did with bins", () => {
    const validation = nonlinearLaw(1000, 8)
    const { model, validationLoss } = Result.getOrThrow(
      trainTrees(nonlinearLaw(4000, 7), { validation, bins: 16 })
    )
    const own = logLossOf(validation.labels, probabilitiesOf(model, validation))
    expect(own).toBeCloseTo(validationLoss[model.trees.length - 1] ?? 0, 10)
    expect(own).toBeCloseTo(Math.min(...validationLoss), 10)
  })

  it("split where it is worked out by hand", () => {
    const dataset = {
      names: ["x"],
      columns: [Float32Array.of(1, 2, 3, 4, Number.NaN)],
      rows: 5,
      labels: Uint8Array.of(0, 0, 1, 1, 1)
    }
    const { model, gains } = Result.getOrThrow(
      trainTrees(dataset, {
        ...small,
        trees: 1,
        learningRate: 1,
        leaves: 2,
        l2: 1,
        minChildWeight: 0
      })
    )
    // At p = 0.6: left G = 1.2, H = 0.48; right G = −1.2, H = 0.72; all G = 0.
    const [tree] = model.trees
    expect(model.base).toBe(Math.fround(Math.log(1.5)))
    expect(tree?.threshold[0]).toBe(2.5)
    expect(tree?.missingLeft[0]).toBe(false)
    expect(tree?.value[1]).toBeCloseTo(-1.2 / 1.48, 5)
    expect(tree?.value[2]).toBeCloseTo(1.2 / 1.72, 5)
    expect(tree?.value[0]).toBeCloseTo((-2.4 / 1.48 + 3.6 / 1.72) / 5, 5)
    expect(gains[0]).toBeCloseTo((1.44 / 1.48 + 1.44 / 1.72) / 2, 5)
  })

  it("send what is missing to the side where it belongs", () => {
    for (const [label, missingLeft] of [
      [0, true],
      [1, false]
    ] as const) {
      const dataset = {
        names: ["x"],
        columns: [Float32Array.of(1, 2, 3, 4, Number.NaN, Number.NaN)],
        rows: 6,
        labels: Uint8Array.of(0, 0, 1, 1, label, label)
      }
      const options = { ...small, trees: 1, leaves: 2, minChildWeight: 0 }
      const [tree] = train(dataset, options).trees
      expect(tree?.threshold[0]).toBe(2.5)
      expect(tree?.missingLeft[0]).toBe(missingLeft)
      const [value = 0] = logOddsOf(train(dataset, options), dataset).slice(4)
      expect(value < 0 === (label === 0)).toBe(true)
    }
  })

  it("end early, and tell how far they are", () => {
    const dataset = nonlinearLaw(3000, 1)
    const seen: Array<number> = []
    const { model, validationLoss } = Result.getOrThrow(
      trainTrees(dataset, {
        validation: nonlinearLaw(600, 2),
        learningRate: 0.5,
        patience: 5,
        onProgress: (trees) => seen.push(trees)
      })
    )
    expect(validationLoss.length).toBe(model.trees.length + 5)
    expect(seen).toEqual(validationLoss.map((_, index) => index + 1))
  })
})
