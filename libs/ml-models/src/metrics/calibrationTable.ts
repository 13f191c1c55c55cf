import { risingOrder } from "./ranks.ts"

/** Rows of similar probability: what was said and what came. */
export interface CalibrationBin {
  readonly rows: number
  readonly lowest: number
  readonly highest: number
  /** Mean probability. */
  readonly predicted: number
  /** Share of labels 1. */
  readonly observed: number
}

/** Bins of about equally many rows by rising probability; equal ones stay together. */
export const calibrationTable = (
  labels: Uint8Array,
  probabilities: Float64Array,
  bins = 10
): ReadonlyArray<CalibrationBin> => {
  const order = risingOrder(probabilities)
  const table: Array<CalibrationBin> = []
  let from = 0
  for (let bin = 1; bin <= bins; bin++) {
    let to = Math.max(from, Math.round((bin * order.length) / bins))
    if (to === from) continue
    const highest = probabilities[order[to - 1] ?? 0] ?? 0
    while (to < order.length && probabilities[order[to] ?? 0] === highest) to++
    let [sum, ones] = [0, 0]
    for (let index = from; index < to; index++) {
      sum += probabilities[order[index] ?? 0] ?? 0
      ones += labels[order[index] ?? 0] ?? 0
    }
    const rows = to - from
    const lowest = probabilities[order[from] ?? 0] ?? 0
    table.push({ rows, lowest, highest, predicted: sum / rows, observed: ones / rows })
    from = to
  }
  return table
}

/** Expected calibration error: the mean distance of said and come, over all rows. */
export const calibrationError = (table: ReadonlyArray<CalibrationBin>): number => {
  const rows = table.reduce((sum, bin) => sum + bin.rows, 0)
  const off = table.reduce(
    (sum, bin) => sum + bin.rows * Math.abs(bin.predicted - bin.observed),
    0
  )
  return rows === 0 ? 0 : off / rows
}
