/**
 * Scores that were usual when the model was made: rising, evenly spaced shares of rows.
 */
export type ScoreReference = ReadonlyArray<number>

/**
 * The 0th, 1st … 100th percentile of scores, each one that occurred; empty without any.
 */
export const scoreReference = (scores: Float64Array): ScoreReference => {
  const sorted = scores.filter((score) => !Number.isNaN(score)).sort()
  if (sorted.length === 0) return []
  return Array.from(
    { length: 101 },
    (_, percent) => sorted[Math.round((percent * (sorted.length - 1)) / 100)] ?? 0
  )
}

/**
 * Percent of the reference below a score, 0 to 100, straight between two of its points;
 * of a score that many have the middle of theirs. 50 without a reference.
 */
export const percentileOf = (reference: ScoreReference, score: number): number => {
  if (reference.length < 2) return 50
  const below = count(reference, (point) => point < score)
  const notAbove = count(reference, (point) => point <= score)
  const steps = 100 / (reference.length - 1)
  if (notAbove > below) return ((below + notAbove - 1) / 2) * steps
  if (below === 0) return 0
  if (below === reference.length) return 100
  const [lower, upper] = [reference[below - 1] ?? 0, reference[below] ?? 0]
  return (below - 1 + (score - lower) / (upper - lower)) * steps
}

/** How many of the first points satisfy what the first ones do. */
const count = (
  reference: ScoreReference,
  isBefore: (point: number) => boolean
): number => {
  let [low, high] = [0, reference.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(reference[middle] ?? 0)) low = middle + 1
    else high = middle
  }
  return low
}
