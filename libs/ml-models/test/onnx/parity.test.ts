import { describe, expect, it } from "bun:test"
import { Result } from "effect"
import * as fc from "fast-check"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { inspectOnnx } from "../../src/onnx/inspectOnnx.ts"
import { modelToOnnx } from "../../src/onnx/modelToOnnx.ts"
import { refusals } from "../../src/onnx/OnnxPolicy.ts"
import { score } from "../../src/onnx/score.ts"
import type { Features } from "../../src/train/Dataset.ts"
import type { LinearModel } from "../../src/train/LinearModel.ts"
import { probabilitiesOf } from "../../src/train/predict.ts"
import type { Tree, TreeEnsemble } from "../../src/train/TreeEnsemble.ts"

const long = process.env["TEST_LONG"] === "1"
const runs = { numRuns: long ? 2000 : 60 }
const time = long ? 600_000 : 60_000

const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })
const weight = fc.float({ noNaN: true, min: -2, max: 2 })
const calibration = fc.record({
  slope: fc.double({ noNaN: true, min: 0, max: 2 }),
  intercept: fc.double({ noNaN: true, min: -2, max: 2 })
})
const namesOf = (count: number) =>
  Array.from({ length: count }, (_, n) => `feature ${n}`)

/** A tree of any form: each choice splits a leaf that there is, or leaves it. */
const treeOf = (features: number): fc.Arbitrary<Tree> =>
  fc
    .array(
      fc.record({
        leaf: fc.nat(),
        feature: fc.nat(features - 1),
        threshold: fc.oneof(float, fc.constantFrom(0, -0, 1, 0.1)),
        missingLeft: fc.boolean(),
        values: fc.tuple(weight, weight)
      }),
      { maxLength: 12 }
    )
    .chain((splits) =>
      weight.map((root) => {
        const feature = [-1]
        const threshold = [0]
        const left = [0]
        const right = [0]
        const missingLeft = [false]
        const value = [root]
        for (const split of splits) {
          const leaves = feature.flatMap((by, node) => (by < 0 ? [node] : []))
          const node = leaves[split.leaf % leaves.length] ?? 0
          feature[node] = split.feature
          threshold[node] = Math.fround(split.threshold)
          missingLeft[node] = split.missingLeft
          left[node] = feature.length
          right[node] = feature.length + 1
          for (const each of split.values) {
            feature.push(-1)
            threshold.push(0)
            left.push(0)
            right.push(0)
            missingLeft.push(false)
            value.push(each)
          }
        }
        return { feature, threshold, left, right, missingLeft, value }
      })
    )

const ensemble: fc.Arbitrary<TreeEnsemble> = fc
  .integer({ min: 1, max: 5 })
  .chain((count) =>
    fc.record({
      kind: fc.constant("trees"),
      features: fc.constant(namesOf(count)),
      base: fc.double({ noNaN: true, min: -3, max: 3 }),
      trees: fc.array(treeOf(count), { maxLength: 20 }),
      calibration
    })
  )

const linear: fc.Arbitrary<LinearModel> = fc
  .integer({ min: 1, max: 5 })
  .chain((count) => {
    const each = (of: fc.Arbitrary<number>) =>
      fc.array(of, { minLength: count, maxLength: count })
    return fc.record({
      kind: fc.constant("linear"),
      features: fc.constant(namesOf(count)),
      intercept: fc.double({ noNaN: true, min: -3, max: 3 }),
      weights: each(fc.oneof(weight, fc.constant(0))),
      means: each(fc.double({ noNaN: true, min: -1e9, max: 1e9 })),
      scales: each(fc.double({ noNaN: true, min: 1e-3, max: 1e6 })),
      fills: each(fc.double({ noNaN: true, min: -1e3, max: 1e3 })),
      calibration
    })
  })

/** Rows of anything, half of it what the model has thresholds at, and just beside. */
const rowsFor = (model: TreeEnsemble | LinearModel): fc.Arbitrary<Features> => {
  const edges =
    model.kind === "trees"
      ? model.trees.flatMap(({ threshold }) => threshold)
      : model.means
  const special = [Number.NaN, Infinity, -Infinity, 0, -0, 3.4e38, -1e-45]
  const value = fc.oneof(
    float,
    fc.constantFrom(...special),
    fc
      .constantFrom(...edges, 1)
      .chain((edge) =>
        fc.constantFrom(edge, edge * (1 + 2 ** -23), edge * (1 - 2 ** -23))
      )
  )
  return fc.integer({ min: 1, max: 20 }).chain((rows) =>
    fc
      .array(fc.array(value, { minLength: rows, maxLength: rows }), {
        minLength: model.features.length,
        maxLength: model.features.length
      })
      .map((columns) => ({
        names: model.features,
        columns: columns.map((column) => Float32Array.from(column)),
        rows
      }))
  )
}

const answersOf = async (file: Uint8Array, features: Features) => {
  const width = features.columns.length
  const rows = new Float32Array(features.rows * width)
  for (const [index, column] of features.columns.entries()) {
    for (const [row, value] of column.entries()) rows[row * width + index] = value
  }
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 })
  try {
    const given = new Tensor("float32", rows, [features.rows, width])
    const { contributions, probability } = await session.run({ features: given })
    expect(probability?.dims).toEqual([features.rows, 1])
    expect(contributions?.dims).toEqual([features.rows, width + 1])
    return {
      probability: numbers(probability),
      contributions: numbers(contributions)
    }
  } finally {
    await session.release()
  }
}
const numbers = (tensor: Tensor | undefined) =>
  tensor?.data instanceof Float32Array ? Array.from(tensor.data) : []

/** The largest difference; of what is far from 0, of its size. */
const apart = (ones: ArrayLike<number>, others: ArrayLike<number>) => {
  let most = ones.length === others.length ? 0 : Infinity
  for (let at = 0; at < ones.length; at++) {
    const one = ones[at] ?? Number.NaN
    const off = Math.abs(one - (others[at] ?? Number.NaN)) / Math.max(1, Math.abs(one))
    most = Number.isNaN(off) ? Infinity : Math.max(most, off)
  }
  return most
}

const holds = async (model: TreeEnsemble | LinearModel, features: Features) => {
  const said = score(model, features)
  const file = modelToOnnx(model)
  const answers = await answersOf(file, features)
  expect(apart(said.probability, answers.probability)).toBeLessThanOrEqual(1e-5)
  expect(apart(said.contributions, answers.contributions)).toBeLessThanOrEqual(1e-5)
  expect(refusals(Result.getOrThrow(inspectOnnx(file)))).toEqual([])
}

describe("modelToOnnx answers as score does", () => {
  it(
    "of trees",
    () =>
      fc.assert(
        fc.asyncProperty(
          ensemble.chain((model) => fc.tuple(fc.constant(model), rowsFor(model))),
          ([model, features]) => holds(model, features)
        ),
        runs
      ),
    time
  )

  it(
    "of linear models",
    () =>
      fc.assert(
        fc.asyncProperty(
          linear.chain((model) => fc.tuple(fc.constant(model), rowsFor(model))),
          ([model, features]) => holds(model, features)
        ),
        runs
      ),
    time
  )

  it("of many trees of one form that training makes", async () => {
    const [model] = fc.sample(
      fc.array(treeOf(5), { minLength: 300, maxLength: 300 }).map(
        (trees): TreeEnsemble => ({
          kind: "trees",
          features: namesOf(5),
          base: -1,
          trees: trees.map((tree) => ({
            ...tree,
            value: tree.value.map((value) => Math.fround(value / 10))
          })),
          calibration: { slope: 1, intercept: 0 }
        })
      ),
      { numRuns: 1, seed: 1 }
    )
    if (model === undefined) throw new Error("nothing was drawn")
    for (const features of fc.sample(rowsFor(model), { numRuns: 5, seed: 1 })) {
      await holds(model, features)
    }
  })

  it("and score answers as training's own arithmetic", () => {
    const same = (model: TreeEnsemble | LinearModel, features: Features) => {
      const { contributions, probability } = score(model, features)
      expect(apart(probability, probabilitiesOf(model, features))).toBeLessThan(1e-9)
      expect(contributions.length).toBe(features.rows * (model.features.length + 1))
    }
    const given = [
      ensemble.chain((model) => fc.tuple(fc.constant(model), rowsFor(model))),
      linear.chain((model) => fc.tuple(fc.constant(model), rowsFor(model)))
    ]
    for (const one of given) {
      fc.assert(
        fc.property<[[TreeEnsemble | LinearModel, Features]]>(
          one,
          ([model, features]) => same(model, features)
        ),
        runs
      )
    }
  })
})
