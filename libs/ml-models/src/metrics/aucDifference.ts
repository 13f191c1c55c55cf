import { midranks } from "./ranks.ts"

/** An AUC, or a difference of two, with its 95 % confidence interval. */
export interface Interval {
  readonly value: number
  readonly error: number
  readonly low: number
  readonly high: number
}

/** Of the normal distribution. */
const QUANTILE_975 = 1.959963984540054

/**
 * How much better `scores` rank than `others` on the same rows, by DeLong's variance,
 * which knows that both were judged by the same labels. Undefined with fewer than two
 * rows of a label. Rows count as independent: ask it of one row per person.
 */
export const aucDifference = (
  labels: Uint8Array,
  scores: Float64Array,
  others: Float64Array
): Interval | undefined => {
  const first = placementsOf(labels, scores)
  const second = placementsOf(labels, others)
  if (first.ones.length < 2 || first.zeros.length < 2) return undefined
  return intervalOf(
    first.ones.map((value, index) => value - (second.ones[index] ?? 0)),
    first.zeros.map((value, index) => value - (second.zeros[index] ?? 0))
  )
}

/**
 * An AUC with its confidence interval; undefined with fewer than two rows of a label.
 */
export const aucInterval = (
  labels: Uint8Array,
  scores: Float64Array
): Interval | undefined => {
  const { ones, zeros } = placementsOf(labels, scores)
  return ones.length < 2 || zeros.length < 2 ? undefined : intervalOf(ones, zeros)
}

/** Per row the share of rows of the other label that it is on the right side of. */
interface Placements {
  readonly ones: Float64Array
  readonly zeros: Float64Array
}

/** By ranks among all and among its own label (Sun and Xu), O(n log n). */
const placementsOf = (labels: Uint8Array, scores: Float64Array): Placements => {
  const high = scores.filter((_, row) => labels[row] === 1)
  const low = scores.filter((_, row) => labels[row] !== 1)
  const all = midranks(scores)
  const amongAllHigh = all.filter((_, row) => labels[row] === 1)
  const amongAllLow = all.filter((_, row) => labels[row] !== 1)
  const amongHigh = midranks(high)
  const amongLow = midranks(low)
  return {
    ones: amongAllHigh.map((rank, row) => (rank - (amongHigh[row] ?? 0)) / low.length),
    zeros: amongAllLow.map(
      (rank, row) => 1 - (rank - (amongLow[row] ?? 0)) / high.length
    )
  }
}

const intervalOf = (ones: Float64Array, zeros: Float64Array): Interval => {
  const value = meanOf(ones)
  const error = Math.sqrt(
    varianceOf(ones) / ones.length + varianceOf(zeros) / zeros.length
  )
  const reach = QUANTILE_975 * error
  return { value, error, low: value - reach, high: value + reach }
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const varianceOf = (values: Float64Array): number => {
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return squares / (values.length - 1)
}
