import { Result } from "effect"
import { checkDataset } from "./checkDataset.ts"
import type { Dataset } from "./Dataset.ts"
import type { LinearModel } from "./LinearModel.ts"
import { makeLogisticLoss } from "./logisticLoss.ts"
import { minimise } from "./minimise.ts"
import { standardise } from "./standardise.ts"
import { UnusableDataset } from "./UnusableDataset.ts"

export interface LinearOptions {
  /**
   * L2 of the weights of standardised features, as half its product with their squares,
   * beside the summed loss; above 0. 1.
   */
  readonly l2?: number
  /** What a missing value counts as. "mean". */
  readonly fill?: "mean" | "median"
  /** Newton steps at most. 50. */
  readonly steps?: number
  /** After each step: how many there were, how many there are at most. */
  readonly onProgress?: (steps: number, most: number) => void
}

/**
 * Logistic regression, uncalibrated. L2 keeps the weights finite where a line separates
 * the labels, and shares them between equal features. Columns without difference weigh
 * 0.
 *
 * Memory beside the dataset, in bytes: rows · (4 · features + 32).
 */
export const trainLinear = (
  dataset: Dataset,
  options: LinearOptions = {}
): Result.Result<LinearModel, UnusableDataset> =>
  Result.gen(function* () {
    const { l2 = 1, fill = "mean", steps = 50 } = options
    if (!(l2 >= 1e-6 && l2 <= 1e12)) return yield* outOfRange("l2", l2, "1e-6 to 1e12")
    if (!(Number.isInteger(steps) && steps >= 1 && steps <= 10_000))
      return yield* outOfRange("steps", steps, "1 to 10000")
    yield* checkDataset(dataset)
    const columns = dataset.columns.map((column) => standardise(column, fill))
    const loss = makeLogisticLoss(
      columns.map(({ values }) => values),
      dataset.labels,
      dataset.weights,
      l2
    )
    const found = minimise(loss, steps, (done) => options.onProgress?.(done, steps))
    return {
      kind: "linear",
      features: dataset.names,
      intercept: found[columns.length] ?? 0,
      weights: columns.map((_, index) => found[index] ?? 0),
      means: columns.map(({ mean }) => mean),
      scales: columns.map(({ scale }) => scale),
      fills: columns.map((column) => column.fill),
      calibration: { slope: 1, intercept: 0 }
    }
  })

const outOfRange = (name: string, value: number, range: string) =>
  Result.fail(
    new UnusableDataset({ reason: "option", detail: `${name} is ${value}: ${range}.` })
  )
