/** A column with mean 0 and deviation 1, and how it became so. */
export interface Standardised {
  readonly mean: number
  readonly scale: number
  /** What a missing value counted as. */
  readonly fill: number
  readonly values: Float32Array
}

/**
 * Missing values count as the mean or median of the others. A column in which nothing
 * differs becomes all zeros, of mean 0 and scale 1 when it is all missing.
 */
export const standardise = (
  column: Float32Array,
  fill: "mean" | "median"
): Standardised => {
  const present = column.filter((value) => !Number.isNaN(value))
  const values = new Float32Array(column.length)
  if (present.length === 0) return { mean: 0, scale: 1, fill: 0, values }
  const filled = fill === "mean" ? meanOf(present) : medianOf(present)
  const missing = column.length - present.length
  const mean = (meanOf(present) * present.length + filled * missing) / column.length
  let squares = missing * (filled - mean) ** 2
  for (let row = 0; row < present.length; row++)
    squares += ((present[row] ?? 0) - mean) ** 2
  const deviation = Math.sqrt(squares / column.length)
  // A constant's mean differs from it by rounding, which must not become its scale.
  const isConstant = present.every((value) => value === present[0])
  if (isConstant || deviation === 0) return { mean, scale: 1, fill: filled, values }
  for (let row = 0; row < column.length; row++) {
    const value = column[row] ?? Number.NaN
    values[row] = ((Number.isNaN(value) ? filled : value) - mean) / deviation
  }
  return { mean, scale: deviation, fill: filled, values }
}

const meanOf = (values: Float32Array): number => {
  let sum = 0
  for (let row = 0; row < values.length; row++) sum += values[row] ?? 0
  return sum / values.length
}

const medianOf = (values: Float32Array): number => {
  const sorted = values.toSorted()
  const [below, above] = [(sorted.length - 1) >> 1, sorted.length >> 1]
  return ((sorted[below] ?? 0) + (sorted[above] ?? 0)) / 2
}
