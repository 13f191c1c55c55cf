import type { Features } from "../train/Dataset.ts"
import { FARTHEST, type LinearModel } from "../train/LinearModel.ts"
import type { Tree, TreeEnsemble } from "../train/TreeEnsemble.ts"

/** What a model says of rows, and why. */
export interface Scores {
  /** By row, calibrated. */
  readonly probability: Float64Array
  /**
   * Row by row `features + 1` numbers: what each feature adds to the log odds of the
   * probability, and last what every row has; their sum is these log odds.
   */
  readonly contributions: Float64Array
}

/**
 * The arithmetic that a model's file of ONNX has to repeat to 10⁻⁵. Columns are taken by
 * place: `features` has the model's features in the model's order.
 */
export const score = (
  model: TreeEnsemble | LinearModel,
  features: Features
): Scores => {
  const width = model.features.length + 1
  const contributions = new Float64Array(features.rows * width)
  if (model.kind === "trees") ofTrees(model, features, contributions, width)
  else ofLinear(model, features, contributions, width)
  const { intercept, slope } = model.calibration
  const probability = new Float64Array(features.rows)
  for (let row = 0; row < features.rows; row++) {
    let odds = 0
    for (let at = row * width; at < (row + 1) * width; at++) {
      const own = (at + 1) % width === 0 ? intercept : 0
      contributions[at] = slope * (contributions[at] ?? 0) + own
      odds += contributions[at] ?? 0
    }
    probability[row] = 1 / (1 + Math.exp(-odds))
  }
  return { probability, contributions }
}

const ofTrees = (
  model: TreeEnsemble,
  features: Features,
  contributions: Float64Array,
  width: number
) => {
  for (let row = 0; row < features.rows; row++) {
    const first = row * width
    const last = first + width - 1
    contributions[last] = model.base
    for (const tree of model.trees) {
      let node = 0
      contributions[last] = (contributions[last] ?? 0) + (tree.value[0] ?? 0)
      for (let by = tree.feature[0] ?? -1; by >= 0; by = tree.feature[node] ?? -1) {
        const child = next(tree, node, features.columns[by]?.[row] ?? Number.NaN)
        const change = (tree.value[child] ?? 0) - (tree.value[node] ?? 0)
        contributions[first + by] = (contributions[first + by] ?? 0) + change
        node = child
      }
    }
  }
}

const next = (tree: Tree, node: number, value: number): number => {
  const left = Number.isNaN(value)
    ? tree.missingLeft[node] === true
    : value <= Math.fround(tree.threshold[node] ?? 0)
  return (left ? tree.left[node] : tree.right[node]) ?? 0
}

const ofLinear = (
  model: LinearModel,
  features: Features,
  contributions: Float64Array,
  width: number
) => {
  for (let row = 0; row < features.rows; row++) {
    contributions[row * width + width - 1] = model.intercept
    for (const [index, weight] of model.weights.entries()) {
      const given = features.columns[index]?.[row] ?? Number.NaN
      const value = Number.isNaN(given) ? (model.fills[index] ?? 0) : given
      const scaled = (value - (model.means[index] ?? 0)) / (model.scales[index] ?? 1)
      const near = Math.min(Math.max(scaled, -FARTHEST), FARTHEST)
      contributions[row * width + index] = weight * near
    }
  }
}
