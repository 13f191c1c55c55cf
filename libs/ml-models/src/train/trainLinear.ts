import { Result } from "effect"
import type { Dataset } from "./Dataset.ts"
import type { LinearModel } from "./LinearModel.ts"
import { UnusableDataset } from "./UnusableDataset.ts"

export interface LinearOptions {
  /** L2 of the weights of standardised features, above 0; 1. */
  readonly l2?: number
  /** What a missing value counts as. "mean". */
  readonly fill?: "mean" | "median"
  /** Newton steps at most. 50. */
  readonly steps?: number
  readonly onProgress?: (steps: number, most: number) => void
}

/** Logistic regression by Newton's method. Uncalibrated. */
export const trainLinear = (
  dataset: Dataset,
  options: LinearOptions = {}
): Result.Result<LinearModel, UnusableDataset> =>
  Result.fail(
    new UnusableDataset({
      reason: dataset.rows > 0 ? "option" : "no-rows",
      detail: `not yet ${options.l2}`
    })
  )
