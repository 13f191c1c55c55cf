/**
 * Values looked at to place thresholds: more would move them by less than the noise.
 */
const SAMPLE = 200_000

/**
 * At most `most` − 1 rising thresholds so that about as many values lie between any
 * two; a value that is frequent enough gets a bin of its own. Each lies between two
 * values that occur (at least the lower, below the upper), as a 32-bit float.
 */
export const quantileThresholds = (
  column: Float32Array,
  most: number,
  random: () => number
): Float32Array => {
  const sorted = presentValues(column, random).sort()
  const distinct = countDistinct(sorted)
  const thresholds: Array<number> = []
  let remaining = sorted.length
  let filled = 0
  let start = 0
  while (start < sorted.length) {
    const value = sorted[start] ?? 0
    let end = start + 1
    while (end < sorted.length && sorted[end] === value) end++
    filled += end - start
    const next = sorted[end]
    if (next === undefined) break
    const target = remaining / (most - thresholds.length)
    let nextEnd = end + 1
    while (nextEnd < sorted.length && sorted[nextEnd] === next) {
      if (nextEnd - end > target) break
      nextEnd++
    }
    const isFull = filled >= target || filled + (nextEnd - end) / 2 > target
    if (thresholds.length < most - 1 && (distinct <= most || isFull)) {
      thresholds.push(between(value, next))
      remaining -= filled
      filled = 0
    }
    start = end
  }
  return Float32Array.from(thresholds)
}

const presentValues = (column: Float32Array, random: () => number): Float32Array => {
  const values = new Float32Array(Math.min(column.length, SAMPLE))
  let count = 0
  let seen = 0
  for (let row = 0; row < column.length; row++) {
    const value = column[row] ?? Number.NaN
    if (Number.isNaN(value)) continue
    seen++
    if (count < SAMPLE) values[count++] = value
    else {
      const place = Math.floor(random() * seen)
      if (place < SAMPLE) values[place] = value
    }
  }
  return values.subarray(0, count)
}

const countDistinct = (sorted: Float32Array): number => {
  let distinct = sorted.length > 0 ? 1 : 0
  for (let index = 1; index < sorted.length; index++)
    if (sorted[index] !== sorted[index - 1]) distinct++
  return distinct
}

/** A float32 t with lower ≤ t < upper, in the middle if there is one. */
const between = (lower: number, upper: number): number => {
  const middle = Math.fround(lower / 2 + upper / 2)
  return middle >= lower && middle < upper ? middle : lower
}
