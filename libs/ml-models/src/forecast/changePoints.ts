import type { ChangePoint } from "./Anomalies.ts"
import type { Known } from "./Series.ts"
import { deseasonalised } from "./seasonalProfile.ts"

/** Shorter stretches are spikes. */
const LEAST_LENGTH = 5
/** Of one more change, in variances × (3 + ln(values)): short series shift by chance. */
const PENALTY = 3
/** Neighbours are alike in many series; that alone must make no levels. */
const MOST_ALIKE = 0.95
/** A level must lie so many deviations of a single value away. */
const LEAST_STEP = 1
/** Longer series are looked at in steps, so that the work stays bounded. */
const MOST_VALUES = 4000

const medianOf = (values: ReadonlyArray<number> | Float64Array): number => {
  const sorted = Float64Array.from(values).sort()
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
}

/**
 * A single value far off is no level: each becomes the median of itself and its neighbours, the
 * first and the last one as the value next to them.
 */
const withoutSpikes = (values: Float64Array): Float64Array =>
  values.map((_, index) => {
    const middle = Math.max(1, Math.min(index, values.length - 2))
    return medianOf(values.slice(middle - 1, middle + 2))
  })

/** A rise over the whole series of less than so many deviations may be chance. */
const LEAST_RISE = 4

/** What the series rises per value, between changes of level: the median over short ways. */
const slopeOf = (values: Float64Array): number => {
  const way = Math.max(1, Math.floor(values.length / 5))
  const slope = medianOf(
    values.slice(way).map((value, index) => (value - (values[index] ?? 0)) / way)
  )
  const deviation = Math.sqrt(varianceOf(values).one)
  return Math.abs(slope) * values.length < LEAST_RISE * deviation ? 0 : slope
}

/**
 * Of one value, and of the mean of many (times their number). From the changes between
 * neighbours: a shift of the level is one change among many and hardly counts.
 */
const varianceOf = (
  values: Float64Array
): { readonly one: number; readonly mean: number } => {
  const changes = values.slice(1).map((value, index) => value - (values[index] ?? 0))
  const size = medianOf(changes.map(Math.abs)) / 0.6745
  const limit = size === 0 ? Number.POSITIVE_INFINITY : 3 * size
  const tame = changes.map((each) => Math.max(-limit, Math.min(limit, each)))
  let squares = 0
  let products = 0
  tame.forEach((each, index) => {
    squares += each * each
    products += each * (tame[index + 1] ?? 0)
  })
  if (squares === 0) return { one: 0, mean: 0 }
  // Of x' = a·x + noise, changes next to each other correlate by (a − 1) / 2.
  const alike = Math.max(0, Math.min(MOST_ALIKE, 1 + (2 * products) / squares))
  const one = squares / tame.length / (2 * (1 - alike))
  return { one, mean: (one * (1 + alike)) / (1 - alike) }
}

/** Where the mean changes: the cheapest segmentation (PELT, squared distances). */
const segmentStarts = (
  values: Float64Array,
  penalty: number,
  least: number
): ReadonlyArray<number> => {
  const count = values.length
  const sums = new Float64Array(count + 1)
  const squares = new Float64Array(count + 1)
  values.forEach((value, index) => {
    sums[index + 1] = (sums[index] ?? 0) + value
    squares[index + 1] = (squares[index] ?? 0) + value * value
  })
  const cost = (from: number, to: number): number => {
    const sum = (sums[to] ?? 0) - (sums[from] ?? 0)
    return (squares[to] ?? 0) - (squares[from] ?? 0) - (sum * sum) / (to - from)
  }
  const best = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY)
  best[0] = -penalty
  const previous = new Int32Array(count + 1)
  const starts = new Int32Array(count + 1)
  const costs = new Float64Array(count + 1)
  let candidates = 0
  for (let end = least; end <= count; end++) {
    if (Number.isFinite(best[end - least])) starts[candidates++] = end - least
    let found = Number.POSITIVE_INFINITY
    for (let each = 0; each < candidates; each++) {
      const start = starts[each] ?? 0
      const total = (best[start] ?? 0) + cost(start, end)
      costs[each] = total
      if (total + penalty < found) {
        found = total + penalty
        previous[end] = start
      }
    }
    best[end] = found
    // Where a segment can no longer begin on the cheapest way.
    let kept = 0
    for (let each = 0; each < candidates; each++)
      if ((costs[each] ?? 0) <= found) starts[kept++] = starts[each] ?? 0
    candidates = kept
  }
  const ends: Array<number> = []
  for (let end = count; end > 0; end = previous[end] ?? 0)
    if ((previous[end] ?? 0) > 0) ends.push(previous[end] ?? 0)
  return ends.reverse()
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * Where the level shifts and stays, the seasons and a steady slope taken out.
 * @param leastChange smaller shifts are none, in the unit of the values
 */
export const changePoints = (
  known: Pick<Known, "start" | "values">,
  seasons: ReadonlyArray<number>,
  leastChange: number
): ReadonlyArray<ChangePoint> => {
  const { start, values } = known
  const step = Math.ceil(values.length / MOST_VALUES)
  const level = deseasonalised(values, seasons).values
  const slope = slopeOf(level)
  const flat = level.map((value, index) => value - slope * index)
  const calm = withoutSpikes(flat).filter((_, index) => index % step === 0)
  const least = Math.max(LEAST_LENGTH, Math.ceil((seasons[0] ?? 0) / step))
  if (calm.length < 2 * least) return []
  const { mean, one } = varianceOf(flat)
  if (one === 0) return []
  const starts = segmentStarts(
    calm,
    PENALTY * mean * (3 + Math.log(calm.length)),
    least
  )
  return starts.flatMap((at, index) => {
    const before = meanOf(calm.subarray(starts[index - 1] ?? 0, at))
    const after = meanOf(calm.subarray(at, starts[index + 1]))
    const size = Math.abs(after - before)
    if (size < Math.max(leastChange, LEAST_STEP * Math.sqrt(one))) return []
    const rise = slope * at * step
    return [{ index: start + at * step, before: before + rise, after: after + rise }]
  })
}
