import type { Features } from "./Dataset.ts"
import { FARTHEST, type LinearModel } from "./LinearModel.ts"
import type { TreeEnsemble } from "./TreeEnsemble.ts"

export type Model = TreeEnsemble | LinearModel

export const sigmoid = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds))

/**
 * Log odds of each row before calibration. Columns are taken by place: `features` must
 * have the model's features in the model's order.
 */
export const logOddsOf = (model: Model, features: Features): Float64Array =>
  model.kind === "trees" ? ofTrees(model, features) : ofLinear(model, features)

/** Calibrated probability of each row. */
export const probabilitiesOf = (model: Model, features: Features): Float64Array => {
  const { slope, intercept } = model.calibration
  return logOddsOf(model, features).map((odds) => sigmoid(slope * odds + intercept))
}

const ofTrees = (model: TreeEnsemble, features: Features): Float64Array => {
  const odds = new Float64Array(features.rows).fill(model.base)
  for (const tree of model.trees) {
    const { feature, threshold, left, right, missingLeft, value } = tree
    for (let row = 0; row < features.rows; row++) {
      let node = 0
      let by = feature[0] ?? -1
      while (by >= 0) {
        const x = features.columns[by]?.[row] ?? Number.NaN
        const goesLeft = Number.isNaN(x)
          ? missingLeft[node]
          : x <= (threshold[node] ?? 0)
        node = (goesLeft === true ? left[node] : right[node]) ?? 0
        by = feature[node] ?? -1
      }
      odds[row] = (odds[row] ?? 0) + (value[node] ?? 0)
    }
  }
  return odds
}

const ofLinear = (model: LinearModel, features: Features): Float64Array => {
  const odds = new Float64Array(features.rows).fill(model.intercept)
  model.weights.forEach((weight, index) => {
    const column = features.columns[index]
    const mean = model.means[index] ?? 0
    const scale = model.scales[index] ?? 1
    const fill = model.fills[index] ?? mean
    if (weight === 0 || column === undefined) return
    for (let row = 0; row < features.rows; row++) {
      const x = column[row] ?? Number.NaN
      const scaled = ((Number.isNaN(x) ? fill : x) - mean) / scale
      const near = Math.min(Math.max(scaled, -FARTHEST), FARTHEST)
      odds[row] = (odds[row] ?? 0) + weight * near
    }
  })
  return odds
}
