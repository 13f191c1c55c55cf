import { describe, expect, it, setDefaultTimeout } from "bun:test"
import fc from "fast-check"
import { binFeatures, binOf } from "../../src/train/BinnedFeatures.ts"
import { writeGradients } from "../../src/train/gradients.ts"
import { makeHistogram, subtract, sumGradients } from "../../src/train/Histogram.ts"
import { quantileThresholds } from "../../src/train/quantileThresholds.ts"
import { makeRandom } from "../../src/train/Random.ts"
import { nonlinearLaw } from "../support/laws.ts"

setDefaultTimeout(60_000)

const floats = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: -4, max: 4 }) },
    { weight: 3, arbitrary: fc.float({ noDefaultInfinity: true }) },
    { weight: 1, arbitrary: fc.constantFrom(3.4e38, -3.4e38, 1e-45, -0) }
  ),
  { maxLength: 80 }
)

describe("thresholds", () => {
  it("rise, are no more than asked, and part only values that differ", () => {
    fc.assert(
      fc.property(floats, fc.integer({ min: 2, max: 20 }), (values, most) => {
        const column = Float32Array.from(values)
        const thresholds = quantileThresholds(column, most, makeRandom(1))
        const sorted = [...column]
          .filter((v) => !Number.isNaN(v))
          .toSorted((a, b) => a - b)
        expect(thresholds.length).toBeLessThan(most)
        for (const [index, threshold] of thresholds.entries()) {
          expect(threshold).toBeGreaterThan(
            thresholds[index - 1] ?? Number.NEGATIVE_INFINITY
          )
          expect(sorted.some((value) => value <= threshold)).toBe(true)
          expect(sorted.some((value) => value > threshold)).toBe(true)
        }
        const distinct = new Set(sorted).size
        if (distinct <= most) expect(thresholds.length).toBe(Math.max(0, distinct - 1))
      })
    )
  })

  it("put about as many values into each bin, and a frequent value into its own", () => {
    const random = makeRandom(3)
    const column = Float32Array.from({ length: 10_000 }, () =>
      random() < 0.3 ? 0.5 : random()
    )
    const thresholds = quantileThresholds(column, 10, random)
    const counts = new Map<number, number>()
    for (const value of column) {
      const bin = thresholds.findLastIndex((threshold) => value > threshold)
      counts.set(bin, (counts.get(bin) ?? 0) + 1)
    }
    const sizes = [...counts.values()].toSorted((a, b) => b - a)
    expect(sizes.length).toBe(10)
    expect(sizes[0]).toBeLessThan(4000)
    expect(sizes[1]).toBeLessThan(1300)
    expect(sizes.at(-1)).toBeGreaterThan(300)
  })

  it("are those of a sample where there are many values", () => {
    const column = Float32Array.from({ length: 450_000 }, (_, row) => row)
    const thresholds = quantileThresholds(column, 4, makeRandom(1))
    for (const [index, share] of [0.25, 0.5, 0.75].entries())
      expect(Math.abs((thresholds[index] ?? 0) / 450_000 - share)).toBeLessThan(0.01)
  })
})

describe("bins", () => {
  it("compare as the values do, missing ones apart", () => {
    fc.assert(
      fc.property(fc.array(floats, { minLength: 1, maxLength: 6 }), (lists) => {
        const rows = Math.min(...lists.map((list) => list.length))
        const columns = lists.map((list) => Float32Array.from(list.slice(0, rows)))
        const names = columns.map((_, index) => `f${index}`)
        const binned = binFeatures({ names, columns, rows }, 8, makeRandom(1))
        for (const [index, column] of columns.entries())
          for (const [row, value] of column.entries()) {
            const limits = binned.thresholds[index] ?? new Float32Array(0)
            const bin = binOf(binned, index, row)
            if (Number.isNaN(value)) expect(bin).toBe(0)
            else expect(bin).toBe(1 + limits.filter((limit) => value > limit).length)
          }
      })
    )
  })
})

describe("histograms", () => {
  const dataset = nonlinearLaw(3000, 4)
  const width = 18
  const features = {
    names: dataset.names.slice(0, width),
    columns: dataset.columns.slice(0, width),
    rows: dataset.rows
  }
  const binned = binFeatures(features, 40, makeRandom(1))
  const gradients = new Float32Array(dataset.rows * 2)
  // Far from 0, so that derivatives differ by many powers of two.
  const odds = dataset.truth.map((p) => 9 * Math.log(p / (1 - p)))
  writeGradients(gradients, odds, dataset.labels, undefined, 1)
  const order = Uint32Array.from(dataset.labels.keys())
  const all = new Uint8Array(width).fill(1)
  const summed = (from: number, to: number, chosen = all) => {
    const histogram = makeHistogram(binned).fill(Number.NaN)
    sumGradients(histogram, binned, chosen, order, from, to, gradients)
    return histogram
  }
  const used = 2 * (binned.offsets[width] ?? 0)

  it("are sums over rows, to the last bit", () => {
    const slow = new Float64Array(used)
    for (let feature = 0; feature < width; feature++)
      for (let row = dataset.rows - 1; row >= 0; row--) {
        const at = 2 * ((binned.offsets[feature] ?? 0) + binOf(binned, feature, row))
        slow[at] = (slow[at] ?? 0) + (gradients[row * 2] ?? 0)
        slow[at + 1] = (slow[at + 1] ?? 0) + (gradients[row * 2 + 1] ?? 0)
      }
    expect(summed(0, dataset.rows).slice(0, used)).toEqual(slow)
  })

  it("without a part are what is summed of the rest", () => {
    const rest = summed(0, dataset.rows)
    subtract(rest, summed(0, 1100))
    expect(rest).toEqual(summed(1100, dataset.rows))
  })

  it("leave out groups of features that are not chosen", () => {
    const chosen = new Uint8Array(width)
    chosen[5] = 1
    const histogram = summed(0, dataset.rows, chosen)
    const [from, to] = [binned.offsets[4] ?? 0, binned.offsets[8] ?? 0]
    expect(histogram.slice(0, 2 * from).every((sum) => sum === 0)).toBe(true)
    expect(histogram.slice(2 * to, used).every((sum) => sum === 0)).toBe(true)
    expect(histogram.slice(2 * from, 2 * to)).toEqual(
      summed(0, dataset.rows).slice(2 * from, 2 * to)
    )
  })
})
