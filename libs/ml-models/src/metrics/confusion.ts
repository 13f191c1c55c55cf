/** Rows by what was said at a threshold and what came. */
export interface Confusion {
  readonly threshold: number
  readonly truePositives: number
  readonly falsePositives: number
  readonly trueNegatives: number
  readonly falseNegatives: number
  /** 0 where nothing was said to be positive. */
  readonly precision: number
  /** 0 where nothing was positive. */
  readonly recall: number
}

/** A row is said to be positive when its probability is at least the threshold. */
export const confusionAt = (
  labels: Uint8Array,
  probabilities: Float64Array,
  threshold: number
): Confusion => {
  const counts = [0, 0, 0, 0]
  for (let row = 0; row < labels.length; row++) {
    const said = (probabilities[row] ?? 0) >= threshold ? 2 : 0
    const cell = said + (labels[row] ?? 0)
    counts[cell] = (counts[cell] ?? 0) + 1
  }
  const [trueNegatives = 0, falseNegatives = 0, falsePositives = 0, truePositives = 0] =
    counts
  return {
    threshold,
    truePositives,
    falsePositives,
    trueNegatives,
    falseNegatives,
    precision: truePositives / Math.max(1, truePositives + falsePositives),
    recall: truePositives / Math.max(1, truePositives + falseNegatives)
  }
}
