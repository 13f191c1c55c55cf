import type { Dataset } from "./Dataset.ts"

/** Of each row, when its features end and whose it is. */
export interface RowOrigins {
  /** The cut, in epoch milliseconds. */
  readonly cuts: Float64Array
  /** Rows of equal number are one person's. */
  readonly people: Uint32Array
}

export interface TimeSplit {
  /** Rows cut from here on are the holdout; epoch milliseconds. */
  readonly holdoutFrom: number
  /** How long after its cut a label is known, in milliseconds. */
  readonly horizon: number
  /** Share of people whose rows are for early stopping and calibration; 0.2. */
  readonly validationShare?: number
  /** Share of people kept for the holdout alone; 0: people may be on both sides. */
  readonly holdoutShare?: number
  readonly seed?: number
}

/** Rows of a dataset by what they are for. */
export interface Parts {
  readonly training: Uint32Array
  readonly validation: Uint32Array
  readonly holdout: Uint32Array
  /**
   * In none: their label was not known at `holdoutFrom`, or the person is on the other
   * side.
   */
  readonly dropped: number
}

/**
 * Splits as time will: what is learned from was known, label included, when the
 * holdout's rows were cut. A person's rows are never in both training and validation;
 * nor in training and holdout when `holdoutShare` is above 0, which leaves
 * `1 − holdoutShare` of the people's early rows and `holdoutShare` of the people's late
 * ones.
 */
export const splitByTime = (
  { cuts, people }: RowOrigins,
  { holdoutFrom, horizon, validationShare = 0.2, holdoutShare = 0, seed = 1 }: TimeSplit
): Parts => {
  const training: Array<number> = []
  const validation: Array<number> = []
  const holdout: Array<number> = []
  let dropped = 0
  for (const [row, cut] of cuts.entries()) {
    const person = people[row] ?? 0
    const isLate = cut >= holdoutFrom
    const isKnown = cut + horizon <= holdoutFrom
    const isHeld = shareOf(person, seed) < holdoutShare
    if (isLate ? holdoutShare > 0 && !isHeld : !isKnown || isHeld) dropped++
    else if (isLate) holdout.push(row)
    else if (shareOf(person, seed + 1) < validationShare) validation.push(row)
    else training.push(row)
  }
  return {
    training: Uint32Array.from(training),
    validation: Uint32Array.from(validation),
    holdout: Uint32Array.from(holdout),
    dropped
  }
}

/** In [0, 1), the same for a person each time: a mixed number, not its last digits. */
const shareOf = (person: number, seed: number): number => {
  let mixed = Math.imul(person ^ Math.imul(seed, 0x9e3779b9), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x27d4eb2d)
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000
}

/** The dataset of some rows, in their order. */
export const takeRows = (dataset: Dataset, rows: Uint32Array): Dataset => ({
  names: dataset.names,
  columns: dataset.columns.map((column) =>
    Float32Array.from(rows, (row) => column[row] ?? Number.NaN)
  ),
  rows: rows.length,
  labels: Uint8Array.from(rows, (row) => dataset.labels[row] ?? 0),
  ...(dataset.weights && {
    weights: Float32Array.from(rows, (row) => dataset.weights?.[row] ?? 1)
  })
})
