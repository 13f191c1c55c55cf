import { describe, expect, it, setDefaultTimeout } from "bun:test"
import { Result } from "effect"
import type { Dataset } from "../../src/train/Dataset.ts"
import { logOddsOf } from "../../src/train/predict.ts"
import { makeRandom } from "../../src/train/Random.ts"
import { trainTrees } from "../../src/train/trainTrees.ts"

setDefaultTimeout(60_000)

const options = {
  trees: 6,
  leaves: 5,
  depth: 4,
  l2: 1.3,
  minChildWeight: 0.4,
  learningRate: 0.35
}

interface Leaf {
  readonly rows: ReadonlyArray<number>
  readonly depth: number
}

interface Best {
  readonly gain: number
  readonly left: ReadonlyArray<number>
  readonly right: ReadonlyArray<number>
}

/** Of equal splits the lowest is taken. */
const limitsOf = (column: Float32Array, rows: ReadonlyArray<number>) =>
  [...new Set(rows.map((row) => column[row] ?? 0))]
    .filter((value) => !Number.isNaN(value))
    .toSorted((a, b) => a - b)

/** Gradient boosting as a textbook has it: every split of every leaf is tried, in doubles. */
const boosted = ({ columns, labels, rows, weights }: Dataset): Float64Array => {
  const { depth, l2, learningRate, leaves: most, minChildWeight, trees } = options
  const all = [...labels.keys()]
  const weightOf = (row: number) => weights?.[row] ?? 1
  const total = (of: ReadonlyArray<number>, each: (row: number) => number) =>
    of.reduce((sum, row) => sum + each(row), 0)
  const ones = total(all, (row) => weightOf(row) * (labels[row] ?? 0))
  const odds = new Float64Array(rows).fill(
    Math.fround(Math.log(ones / (total(all, weightOf) - ones)))
  )
  for (let tree = 0; tree < trees; tree++) {
    const said = odds.map((own) => 1 / (1 + Math.exp(-own)))
    const first = (row: number) =>
      weightOf(row) * ((said[row] ?? 0) - (labels[row] ?? 0))
    const second = (row: number) =>
      weightOf(row) * (said[row] ?? 0) * (1 - (said[row] ?? 0))
    const worth = (of: ReadonlyArray<number>) =>
      total(of, first) ** 2 / (total(of, second) + l2)

    const bestOf = (leaf: Leaf): Best | undefined => {
      let best: Best | undefined
      if (leaf.depth >= depth) return undefined
      for (const column of columns)
        for (const limit of limitsOf(column, leaf.rows))
          for (const isMissingLeft of [true, false]) {
            const isLeft = (row: number) => {
              const value = column[row] ?? 0
              return Number.isNaN(value) ? isMissingLeft : value <= limit
            }
            const left = leaf.rows.filter(isLeft)
            const right = leaf.rows.filter((row) => !isLeft(row))
            if (total(left, second) < minChildWeight) continue
            if (total(right, second) < minChildWeight) continue
            const gain = worth(left) + worth(right) - worth(leaf.rows)
            if (gain > (best?.gain ?? 0) + 1e-7) best = { gain, left, right }
          }
      return best
    }

    const withBest = (leaf: Leaf) => ({ ...leaf, best: bestOf(leaf) })
    const leaves = [withBest({ rows: all, depth: 0 })]
    while (leaves.length < most) {
      const [found] = leaves.toSorted(
        (a, b) => (b.best?.gain ?? 0) - (a.best?.gain ?? 0)
      )
      if (found?.best === undefined) break
      leaves.splice(
        leaves.indexOf(found),
        1,
        withBest({ rows: found.best.left, depth: found.depth + 1 }),
        withBest({ rows: found.best.right, depth: found.depth + 1 })
      )
    }
    if (leaves.length === 1) break
    for (const leaf of leaves) {
      const step = total(leaf.rows, first) / (total(leaf.rows, second) + l2)
      for (const row of leaf.rows)
        odds[row] = (odds[row] ?? 0) - Math.fround(learningRate * step)
    }
  }
  return odds
}

const kinds: Readonly<Record<string, (random: () => number) => number>> = {
  "small whole numbers and fractions": (random) =>
    random() < 0.3 ? Math.round(random() * 4) : random() * 10,
  "values as great as they get": (random) => (random() - 0.5) * 6.8e38,
  "values as small as they get": (random) => Math.round(random() * 6) * 1.4e-45,
  "neighbours that 32 bits just tell apart": (random) =>
    2 ** 24 - 6 + Math.round(random() * 6)
}

const drawn = (seed: number, draw: (random: () => number) => number): Dataset => {
  const random = makeRandom(seed)
  const rows = 20 + Math.floor(random() * 40)
  const columns = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
    Float32Array.from({ length: rows }, () =>
      seed % 3 > 0 && random() < 0.15 ? Number.NaN : draw(random)
    )
  )
  const [column = new Float32Array(rows)] = columns
  const middle = column.toSorted()[rows >> 1] ?? 0
  const labels = Uint8Array.from(column, (value) =>
    random() < (value > middle ? 0.8 : 0.25) ? 1 : 0
  )
  labels.set([0, 1])
  const weights = Float32Array.from({ length: rows }, () => 0.2 + random() * 3)
  return {
    names: columns.map((_, index) => `f${index}`),
    columns,
    rows,
    labels,
    ...(seed % 2 === 1 && { weights })
  }
}

describe("histograms find what trying every split finds", () => {
  for (const [name, draw] of Object.entries(kinds))
    it(`among ${name}`, () => {
      for (let seed = 0; seed < 12; seed++) {
        const dataset = drawn(seed, draw)
        const whole = { ...options, rowShare: 1, columnShare: 1 }
        const { model } = Result.getOrThrow(trainTrees(dataset, whole))
        const slow = boosted(dataset)
        for (const [row, odds] of logOddsOf(model, dataset).entries())
          expect(Math.abs(odds - (slow[row] ?? 0))).toBeLessThan(1e-5)
      }
    })
})
