import type { Features } from "./Dataset.ts"
import { quantileThresholds } from "./quantileThresholds.ts"

/**
 * Features as small whole numbers: 0 is missing, and bin b of the values holds those
 * above threshold b − 2 and at most threshold b − 1. So bins compare as the values do.
 */
export interface BinnedFeatures {
  readonly rows: number
  readonly features: number
  /**
   * `words[group · rows + row]`: four features of a row, the first in the lowest byte.
   */
  readonly words: Uint32Array
  readonly thresholds: ReadonlyArray<Float32Array>
  /** Where a feature's bins begin among all; one more than there are features. */
  readonly offsets: Int32Array
}

/**
 * Bins by the features' own quantiles. `most` counts value bins, missing beside them.
 */
export const binFeatures = (
  features: Features,
  most: number,
  random: () => number
): BinnedFeatures =>
  binBy(
    features,
    features.columns.map((column) => quantileThresholds(column, most, random))
  )

/** Bins of other rows by the same thresholds. */
export const binBy = (
  features: Features,
  thresholds: ReadonlyArray<Float32Array>
): BinnedFeatures => {
  const { columns, rows } = features
  const words = new Uint32Array(Math.ceil(columns.length / 4) * rows)
  const offsets = new Int32Array(columns.length + 1)
  for (const [index, column] of columns.entries()) {
    const limits = thresholds[index] ?? new Float32Array(0)
    offsets[index + 1] = (offsets[index] ?? 0) + limits.length + 2
    const from = (index >>> 2) * rows
    const shift = (index & 3) * 8
    for (let row = 0; row < rows; row++) {
      const value = column[row] ?? Number.NaN
      if (Number.isNaN(value)) continue
      const bin = countBelow(limits, value) + 1
      words[from + row] = (words[from + row] ?? 0) | (bin << shift)
    }
  }
  return { rows, features: columns.length, words, thresholds, offsets }
}

/** How many thresholds the value is above. */
const countBelow = (limits: Float32Array, value: number): number => {
  let low = 0
  let high = limits.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (value > (limits[middle] ?? 0)) low = middle + 1
    else high = middle
  }
  return low
}

/** Bin of one feature of a row. */
export const binOf = (binned: BinnedFeatures, feature: number, row: number): number =>
  ((binned.words[(feature >>> 2) * binned.rows + row] ?? 0) >>> ((feature & 3) * 8)) &
  255
