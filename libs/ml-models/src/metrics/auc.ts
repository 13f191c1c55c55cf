import { midranks } from "./ranks.ts"

/**
 * Chance that a row labelled 1 scores above one labelled 0, ties counting half: the
 * area under the ROC curve, exact. Undefined without both labels.
 */
export const aucOf = (labels: Uint8Array, scores: Float64Array): number | undefined => {
  const ranks = midranks(scores)
  let ones = 0
  let sum = 0
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] !== 1) continue
    ones++
    sum += ranks[row] ?? 0
  }
  const zeros = labels.length - ones
  return ones === 0 || zeros === 0
    ? undefined
    : (sum - (ones * (ones + 1)) / 2) / (ones * zeros)
}
