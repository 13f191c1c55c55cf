import { describe, expect, it, setDefaultTimeout } from "bun:test"
import { Result } from "effect"
import { baseRate } from "../../src/train/baseRate.ts"
import type { Dataset } from "../../src/train/Dataset.ts"
import { logOddsOf, probabilitiesOf } from "../../src/train/predict.ts"
import { trainLinear } from "../../src/train/trainLinear.ts"
import { trainTrees } from "../../src/train/trainTrees.ts"
import type { UnusableDataset } from "../../src/train/UnusableDataset.ts"

setDefaultTimeout(60_000)

const refusal = (trained: Result.Result<unknown, UnusableDataset>) =>
  Result.getOrThrow(Result.flip(trained))

const { NaN: missing, POSITIVE_INFINITY: infinite } = Number
const fine: Dataset = {
  names: ["a", "b"],
  columns: [Float32Array.of(1, 2, 3, 4), Float32Array.of(4, missing, 1, 0)],
  rows: 4,
  labels: Uint8Array.of(0, 0, 1, 1)
}
const of = (column: ReadonlyArray<number>): Dataset => ({
  ...fine,
  columns: [Float32Array.from(column), Float32Array.of(4, missing, 1, 0)]
})

const bad: Readonly<Record<string, readonly [Dataset, UnusableDataset["reason"]]>> = {
  "no rows": [{ ...fine, rows: 0 }, "no-rows"],
  "no features": [{ ...fine, names: [], columns: [] }, "no-features"],
  "a name too many": [{ ...fine, names: ["a", "b", "c"] }, "shape"],
  "a name twice": [{ ...fine, names: ["a", "a"] }, "names"],
  "a short column": [of([1]), "shape"],
  "a label too few": [{ ...fine, labels: Uint8Array.of(1, 0) }, "shape"],
  "a label of 2": [{ ...fine, labels: Uint8Array.of(0, 1, 2, 0) }, "label"],
  "all labels 1": [{ ...fine, labels: Uint8Array.of(1, 1, 1, 1) }, "one-class"],
  "all labels 0": [{ ...fine, labels: new Uint8Array(4) }, "one-class"],
  "an infinite value": [of([1, infinite, 2, 3]), "infinite"],
  "a weight of 0": [{ ...fine, weights: Float32Array.of(1, 0, 1, 1) }, "weight"],
  "a missing weight": [
    { ...fine, weights: Float32Array.of(1, 1, 1, missing) },
    "weight"
  ],
  "weights too few": [{ ...fine, weights: Float32Array.of(1) }, "shape"]
}

describe("unusable data is refused by both trainers", () => {
  for (const [name, [dataset, reason]] of Object.entries(bad))
    it(name, () => {
      for (const failure of [
        refusal(trainTrees(dataset)),
        refusal(trainLinear(dataset))
      ]) {
        expect(failure.reason).toBe(reason)
        expect(failure.message.length).toBeGreaterThan(10)
      }
    })

  it("options out of range, and validation rows of other features", () => {
    const reasons = [
      refusal(trainTrees(fine, { bins: 255 })),
      refusal(trainTrees(fine, { leaves: 2.5 })),
      refusal(trainTrees(fine, { rowShare: 0 })),
      refusal(trainTrees(fine, { learningRate: missing })),
      refusal(trainTrees(fine, { monotone: { c: 1 } })),
      refusal(trainTrees(fine, { validation: { ...fine, names: ["b", "a"] } })),
      refusal(trainLinear(fine, { l2: 0 })),
      refusal(trainLinear(fine, { steps: 0.5 }))
    ].map(({ reason }) => reason)
    expect(reasons).toEqual([
      "option",
      "option",
      "option",
      "option",
      "option",
      "shape",
      "option",
      "option"
    ])
  })
})

const odd: Readonly<Record<string, Dataset>> = {
  "a constant": of([7, 7, 7, 7]),
  "a constant that is no fraction of two": of([0.1, 0.1, 0.1, 0.1]),
  "a column all missing": of([missing, missing, missing, missing]),
  "values as great as they get": of([3.4e38, -3.4e38, 3.4e38, -3.4e38]),
  "values as small as they get": of([1e-45, 0, -1e-45, -0]),
  "two rows": {
    names: ["a"],
    columns: [Float32Array.of(0, 1)],
    rows: 2,
    labels: Uint8Array.of(0, 1)
  },
  "rows that are all alike": {
    names: ["a"],
    columns: [new Float32Array(4).fill(1)],
    rows: 4,
    labels: Uint8Array.of(0, 1, 0, 0)
  },
  "labels a line tells apart": of([-2, -1, 1, 2]),
  "weights far apart": { ...fine, weights: Float32Array.of(1e-6, 1e6, 1, 1) },
  "a label of next to no weight": {
    ...fine,
    weights: Float32Array.of(1e-10, 1e-10, 1e11, 1e11)
  }
}

describe("odd data makes a model that is finite everywhere", () => {
  for (const [name, dataset] of Object.entries(odd))
    it(name, () => {
      const eager = { minChildWeight: 0, l2: 0, rowShare: 1, columnShare: 1 }
      const models = [
        Result.getOrThrow(trainTrees(dataset)).model,
        Result.getOrThrow(trainTrees(dataset, eager)).model,
        Result.getOrThrow(trainLinear(dataset)),
        Result.getOrThrow(trainLinear(dataset, { fill: "median", l2: 1e-6 })),
        baseRate(dataset)
      ]
      for (const model of models) {
        expect(JSON.parse(JSON.stringify(model))).toEqual(model)
        const columns = dataset.columns.map(() =>
          Float32Array.of(3.4e38, -3.4e38, 0, missing)
        )
        for (const probed of [dataset, { ...dataset, columns, rows: 4 }]) {
          expect(logOddsOf(model, probed).every(Number.isFinite)).toBe(true)
          expect(probabilitiesOf(model, probed).every((p) => p >= 0 && p <= 1)).toBe(
            true
          )
        }
      }
    })
})
