/** Of a calendar unit per value; `custom`: no season is assumed. */
export type SeriesInterval =
  | "minute"
  | "hour"
  | "day"
  | "week"
  | "month"
  | "quarter"
  | "year"
  | "custom"

/** Values in the order of time, one per interval; null: nothing is known of it. */
export type Values = ReadonlyArray<number | null>

const usualSeasons: Readonly<Record<SeriesInterval, ReadonlyArray<number>>> = {
  minute: [60, 1440],
  hour: [24, 168],
  day: [7, 365],
  week: [52],
  month: [12],
  quarter: [4],
  year: [],
  custom: []
}

/** A season must be there so often: twice to learn it, the others to see whether it holds. */
const REPETITIONS = 4

/**
 * Season lengths in values, ascending, as far as so many values can tell them.
 * @param asked instead of the usual ones of the interval
 */
export const seasonsOf = (
  count: number,
  interval: SeriesInterval,
  asked?: ReadonlyArray<number>
): ReadonlyArray<number> =>
  [...new Set(asked ?? usualSeasons[interval])]
    .filter((length) => length >= 2 && length * REPETITIONS <= count)
    .sort((one, other) => one - other)

/** Between the first and the last known value, what is missing in between filled in. */
export interface Known {
  /** Where `values` begin in what was given. */
  readonly start: number
  /** How many missing values follow the last known one. */
  readonly trailing: number
  readonly values: Float64Array
  /** Which of `values` were given. */
  readonly isKnown: ReadonlyArray<boolean>
  readonly count: number
}

/** Gaps are filled along a straight line; errors are never measured there. */
export const knownOf = (given: Values): Known => {
  const start = given.findIndex((value) => value !== null)
  const end = given.findLastIndex((value) => value !== null) + 1
  if (start < 0)
    return {
      start: given.length,
      trailing: 0,
      values: new Float64Array(0),
      isKnown: [],
      count: 0
    }
  const inside = given.slice(start, end)
  const values = new Float64Array(inside.length)
  let before = 0
  inside.forEach((value, index) => {
    if (value === null) return
    values[index] = value
    const from = values[before] ?? value
    for (let gap = before + 1; gap < index; gap++)
      values[gap] = from + ((value - from) * (gap - before)) / (index - before)
    before = index
  })
  const isKnown = inside.map((value) => value !== null)
  return {
    start,
    trailing: given.length - end,
    values,
    isKnown,
    count: isKnown.filter(Boolean).length
  }
}
