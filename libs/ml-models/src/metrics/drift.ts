/**
 * How a feature, or the score, was distributed when the model was made. JSON as it is.
 */
export interface ReferenceHistogram {
  /**
   * Rising; bin i holds what is above edge i − 1 and at most edge i, the last the rest.
   */
  readonly edges: ReadonlyArray<number>
  /** Rows per bin; one more than edges. */
  readonly counts: ReadonlyArray<number>
  readonly missing: number
}

/** A distribution against its reference. */
export interface Drift {
  /** Population stability index: under 0.1 little, above 0.25 much has changed. */
  readonly psi: number
  /** What it would be about, by chance alone, had nothing changed. */
  readonly expected: number
}

/** Shares below this count as this, so that an empty bin does not make it endless. */
const LEAST = 1e-4

/**
 * Histogram by the values' own quantiles; fewer bins where values repeat. Edges lie
 * between two values, not on one: what is computed again in 32 bits must not change its
 * bin.
 */
export const referenceHistogram = (
  values: Float32Array | Float64Array,
  bins = 10
): ReferenceHistogram => {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort()
  const edges = new Set<number>()
  for (let bin = 1; bin < bins; bin++) {
    const value = sorted[Math.ceil((bin * sorted.length) / bins) - 1]
    const edge = value === undefined ? undefined : edgeAfter(sorted, value)
    if (edge !== undefined && Number.isFinite(edge)) edges.add(edge)
  }
  return counted(values, [...edges])
}

/** Between a value and the next greater one; undefined after the greatest. */
const edgeAfter = (
  sorted: Float32Array | Float64Array,
  value: number
): number | undefined => {
  const next = sorted[countBelow(sorted, value, true)]
  if (next === undefined) return undefined
  const middle = value / 2 + next / 2
  return middle >= value && middle < next ? middle : value
}

/** How far `values` have gone from the reference, missing values being a bin. */
export const driftOf = (
  reference: ReferenceHistogram,
  values: Float32Array | Float64Array
): Drift => driftBetween(reference, counted(values, reference.edges))

/** Of two histograms with the same edges. */
export const driftBetween = (
  reference: ReferenceHistogram,
  now: ReferenceHistogram
): Drift => {
  const before = [...reference.counts, reference.missing]
  const after = [...now.counts, now.missing]
  const [all, allNow] = [total(before), total(after)]
  if (all === 0 || allNow === 0) return { psi: 0, expected: 0 }
  let psi = 0
  let used = 0
  for (const [bin, count] of before.entries()) {
    const share = Math.max(LEAST, count / all)
    const shareNow = Math.max(LEAST, (after[bin] ?? 0) / allNow)
    if (count + (after[bin] ?? 0) > 0) used++
    psi += (shareNow - share) * Math.log(shareNow / share)
  }
  return { psi, expected: Math.max(0, used - 1) * (1 / all + 1 / allNow) }
}

const total = (counts: ReadonlyArray<number>): number =>
  counts.reduce((sum, count) => sum + count, 0)

const counted = (
  values: Float32Array | Float64Array,
  edges: ReadonlyArray<number>
): ReferenceHistogram => {
  const counts = edges.map(() => 0)
  counts.push(0)
  let missing = 0
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? Number.NaN
    if (Number.isNaN(value)) missing++
    else {
      const bin = countBelow(edges, value)
      counts[bin] = (counts[bin] ?? 0) + 1
    }
  }
  return { edges, counts, missing }
}

/** How many of the rising points are below a value, or `orAt` it. */
const countBelow = (points: ArrayLike<number>, value: number, orAt = false): number => {
  let [low, high] = [0, points.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const point = points[middle] ?? 0
    if (point < value || (orAt && point === value)) low = middle + 1
    else high = middle
  }
  return low
}
