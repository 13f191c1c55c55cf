import { deseasonalised } from "./seasonalProfile.ts"

const weights = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]

/** The last level of exponential smoothing, its weight chosen by one-step errors. */
const smoothedLevel = (values: Float64Array): number => {
  const start = values.subarray(0, 8)
  const first = start.reduce((sum, value) => sum + value, 0) / start.length
  let best = { level: first, error: Number.POSITIVE_INFINITY }
  for (const weight of weights) {
    let level = first
    let error = 0
    for (const value of values) {
      error += Math.abs(value - level)
      level += weight * (value - level)
    }
    if (error < best.error) best = { level, error }
  }
  return best.level
}

/**
 * Without its seasons the last level is smoothed and stays; then the seasons are put back.
 * A slope is left to the decomposition: going on along one is what fails worst.
 */
export const smoothing = (
  history: Float64Array,
  seasons: ReadonlyArray<number>,
  horizon: number
): ReadonlyArray<number> => {
  const { seasonAt, values } = deseasonalised(history, seasons)
  const level = smoothedLevel(values)
  return Array.from(
    { length: horizon },
    (_, index) => level + seasonAt(history.length + index)
  )
}
