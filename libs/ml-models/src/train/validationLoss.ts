import { type BinnedFeatures, binBy } from "./BinnedFeatures.ts"
import { type BinnedTree, valueAt } from "./BinnedTree.ts"
import type { Dataset } from "./Dataset.ts"

/** Follows the log loss of rows that are not trained on. */
export const makeJudge = (validation: Dataset, { thresholds }: BinnedFeatures) => {
  const binned = binBy(validation, thresholds)
  const { rows, labels, weights } = validation
  const logOdds = new Float64Array(rows)
  const loss = () => {
    let sum = 0
    let all = 0
    for (let row = 0; row < rows; row++) {
      const weight = weights?.[row] ?? 1
      const odds = labels[row] === 1 ? -(logOdds[row] ?? 0) : (logOdds[row] ?? 0)
      sum += weight * (Math.max(odds, 0) + Math.log1p(Math.exp(-Math.abs(odds))))
      all += weight
    }
    return sum / all
  }
  return {
    start: (base: number) => logOdds.fill(base),
    loss,
    add: (tree: BinnedTree): number => {
      for (let row = 0; row < rows; row++)
        logOdds[row] = (logOdds[row] ?? 0) + valueAt(tree, binned, row)
      return loss()
    }
  }
}
