import type { Dataset } from "../train/Dataset.ts"
import { logOddsOf, type Model } from "../train/predict.ts"
import { makeRandom, shuffle } from "../train/Random.ts"
import { aucOf } from "./auc.ts"

export interface Importance {
  readonly feature: string
  readonly value: number
}

/**
 * How much AUC is lost on rows not trained on when a feature's values are shuffled
 * among them; highest first, below 0 only by chance. Features that say the same share
 * it.
 */
export const permutationImportance = (
  model: Model,
  dataset: Dataset,
  seed = 1
): ReadonlyArray<Importance> => {
  const whole = aucOf(dataset.labels, logOddsOf(model, dataset)) ?? 0.5
  return dataset.names
    .map((feature, index) => {
      if (!isUsed(model, index)) return { feature, value: 0 }
      const random = makeRandom(seed + index)
      const order = shuffle(Uint32Array.from(dataset.labels.keys()), random)
      const own = dataset.columns[index] ?? new Float32Array(dataset.rows)
      const mixed = new Float32Array(dataset.rows)
      for (let row = 0; row < dataset.rows; row++)
        mixed[row] = own[order[row] ?? 0] ?? 0
      const columns = dataset.columns.with(index, mixed)
      const without = aucOf(dataset.labels, logOddsOf(model, { ...dataset, columns }))
      return { feature, value: whole - (without ?? 0.5) }
    })
    .toSorted((a, b) => b.value - a.value)
}

const isUsed = (model: Model, index: number): boolean =>
  model.kind === "trees"
    ? model.trees.some(({ feature }) => feature.includes(index))
    : model.weights[index] !== 0

/** Each feature's share of what all splits gained in training; highest first. */
export const gainImportance = (
  features: ReadonlyArray<string>,
  gains: Float64Array
): ReadonlyArray<Importance> => {
  const all = gains.reduce((sum, gain) => sum + gain, 0)
  return features
    .map((feature, index) => ({
      feature,
      value: all === 0 ? 0 : (gains[index] ?? 0) / all
    }))
    .toSorted((a, b) => b.value - a.value)
}
