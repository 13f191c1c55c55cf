export const sum = (values: ReadonlyArray<number>): number =>
  values.reduce((total, value) => total + value, 0)

/** `null` when there is nothing to divide by. */
export const ratio = (part: number, whole: number): number | null =>
  whole === 0 ? null : part / whole

export const mean = (values: ReadonlyArray<number>): number | null =>
  ratio(sum(values), values.length)

/** Exact, with linear interpolation between the two nearest values. */
export const quantile = (
  values: ReadonlyArray<number>,
  level: number
): number | null => {
  const sorted = values.toSorted((a, b) => a - b)
  const place = level * (sorted.length - 1)
  const low = sorted[Math.floor(place)]
  const high = sorted[Math.ceil(place)]
  if (low === undefined || high === undefined) return null
  return low + (high - low) * (place - Math.floor(place))
}
