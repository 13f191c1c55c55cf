import type { Convex } from "./minimise.ts"

/**
 * Log loss of weights (one per column, the intercept behind them), summed over rows,
 * and half of `l2` times the weights' squares; the intercept is free.
 */
export const makeLogisticLoss = (
  columns: ReadonlyArray<Float32Array>,
  labels: Uint8Array,
  weights: Float32Array | undefined,
  l2: number
): Convex => {
  const rows = labels.length
  const features = columns.length
  const odds = new Float64Array(rows)
  const first = new Float64Array(rows)
  const second = new Float64Array(rows)
  const along = new Float64Array(rows)

  const start = new Float64Array(features + 1)
  const sums = [0, 0]
  for (let row = 0; row < rows; row++) {
    const label = labels[row] ?? 0
    sums[label] = (sums[label] ?? 0) + (weights?.[row] ?? 1)
  }
  const [zeros = 0, ones = 0] = sums
  start[features] = Math.log(ones / zeros)

  return {
    dimensions: features + 1,
    start,
    at: (point) => {
      multiply(odds, columns, point)
      let value = penalty(point, features, l2)
      for (let row = 0; row < rows; row++) {
        const own = odds[row] ?? 0
        const weight = weights === undefined ? 1 : (weights[row] ?? 1)
        const label = labels[row] ?? 0
        // Of e^−|odds| alone, so that neither side overflows.
        const small = Math.exp(-Math.abs(own))
        const probability = own >= 0 ? 1 / (1 + small) : small / (1 + small)
        value += weight * (Math.max(own, 0) + Math.log1p(small) - label * own)
        first[row] = weight * (probability - label)
        second[row] = (weight * small) / (1 + small) ** 2
      }
      return { value, slope: transposed(columns, first, point, l2) }
    },
    curvatureTimes: (direction) => {
      multiply(along, columns, direction)
      for (let row = 0; row < rows; row++)
        along[row] = (along[row] ?? 0) * (second[row] ?? 0)
      return transposed(columns, along, direction, l2)
    }
  }
}

const penalty = (point: Float64Array, features: number, l2: number): number => {
  let squares = 0
  for (let index = 0; index < features; index++) squares += (point[index] ?? 0) ** 2
  return (l2 / 2) * squares
}

/** Per row the sum of its values times the point's, and the point's last. */
const multiply = (
  into: Float64Array,
  columns: ReadonlyArray<Float32Array>,
  point: Float64Array
): void => {
  into.fill(point[columns.length] ?? 0)
  for (const [index, column] of columns.entries()) {
    const factor = point[index] ?? 0
    if (factor === 0) continue
    for (let row = 0; row < into.length; row++)
      into[row] = (into[row] ?? 0) + factor * (column[row] ?? 0)
  }
}

/** Per column the sum of its values times the rows', with the penalty's share. */
const transposed = (
  columns: ReadonlyArray<Float32Array>,
  perRow: Float64Array,
  point: Float64Array,
  l2: number
): Float64Array => {
  const sums = new Float64Array(columns.length + 1)
  for (const [index, column] of columns.entries()) {
    let sum = 0
    for (let row = 0; row < perRow.length; row++)
      sum += (column[row] ?? 0) * (perRow[row] ?? 0)
    sums[index] = sum + l2 * (point[index] ?? 0)
  }
  let sum = 0
  for (let row = 0; row < perRow.length; row++) sum += perRow[row] ?? 0
  sums[columns.length] = sum
  return sums
}
