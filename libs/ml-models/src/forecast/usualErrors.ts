/** Of the normal distribution, by Acklam's rational approximation; error below 1e-8. */
export const normalQuantile = (share: number): number => {
  const tail = Math.min(share, 1 - share)
  const sign = share < 0.5 ? -1 : 1
  if (tail <= 0) return sign * Number.POSITIVE_INFINITY
  if (tail < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(tail))
    const over =
      ((((-7.784894002430293e-3 * q - 0.3223964580411365) * q - 2.400758277161838) * q -
        2.549732539343734) *
        q +
        4.374664141464968) *
        q +
      2.938163982698783
    const under =
      (((7.784695709041462e-3 * q + 0.3224671290700398) * q + 2.445134137142996) * q +
        3.754408661907416) *
        q +
      1
    return (-sign * over) / under
  }
  const q = 0.5 - tail
  const r = q * q
  const over =
    (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r +
      138.357751867269) *
      r -
      30.66479806614716) *
      r +
      2.506628277459239) *
    q
  const under =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598868) * r +
      66.80131188771972) *
      r -
      13.28068155288572) *
      r +
    1
  return (sign * over) / under
}

/** Errors further back tell nothing of those of today. */
const WINDOW = 1000
/** An alarm counts as so many limits: many of them widen the range, one does hardly. */
const ALARM = 1.25

const place = (sorted: ReadonlyArray<number>, value: number): number => {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? 0) < value) low = middle + 1
    else high = middle
  }
  return low
}

export interface UsualErrors {
  readonly count: () => number
  /** The size that one more error exceeds with the chance `rate`. */
  readonly limit: () => number
  readonly add: (error: number) => void
}

/**
 * The sizes of the errors so far. With enough of them the limit is their own quantile, so
 * that their distribution does not matter; before, that of a normal distribution, but not below
 * the second largest.
 * @param rate share of errors beyond the limit
 */
export const usualErrors = (rate: number): UsualErrors => {
  const sorted: Array<number> = []
  const inOrder: Array<number> = []
  const ranked = (position: number): number => {
    const below = Math.floor(position)
    const from = sorted[Math.max(0, below)] ?? 0
    return from + ((sorted[below + 1] ?? from) - from) * (position - below)
  }
  const limit = () => {
    const count = sorted.length
    const rank = (count + 1) * (1 - rate)
    if (rank <= count - 1) return ranked(rank - 1)
    const median = ranked((count - 1) / 2)
    // Of few errors the median is uncertain, and so must the limit be wider.
    const normal = (median / 0.6745) * normalQuantile(1 - rate / 2) * (1 + 2 / count)
    return Math.max(normal, sorted[count - 2] ?? 0)
  }
  return {
    count: () => sorted.length,
    limit,
    add: (error) => {
      const size =
        sorted.length < 8
          ? Math.abs(error)
          : Math.min(Math.abs(error), ALARM * limit() || Math.abs(error))
      sorted.splice(place(sorted, size), 0, size)
      inOrder.push(size)
      if (inOrder.length > WINDOW) sorted.splice(place(sorted, inOrder.shift() ?? 0), 1)
    }
  }
}
