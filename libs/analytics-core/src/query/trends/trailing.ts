import { calendarStart, type TimeBuckets } from "../TimeBuckets.ts"
import { instantOf } from "../TimeZone.ts"
import type { Period, TrendsPlan } from "./TrendsPlan.ts"
import type { Measure } from "./TrendsRequest.ts"

/**
 * Windows that overlap, cut into cells that do not: an event of cell c is inside the
 * windows of the buckets `first[c]` … `last[c]`.
 */
export interface TrailingWindows {
  readonly cells: TimeBuckets
  readonly first: ReadonlyArray<number>
  readonly last: ReadonlyArray<number>
}

const DAY = 86_400_000

/**
 * For `active_users_trailing_…`: the window of a bucket ends where the bucket does, or the
 * range, and begins with the local day 6 or 29 days before its last one.
 */
export const trailingWindows = (
  { zone }: TrendsPlan,
  { buckets, to }: Period,
  measure: Measure
): TrailingWindows | undefined => {
  const days = daysOf(measure)
  if (days === undefined) return undefined
  const windows = buckets.starts.map((_, index) => {
    const end = Math.min(buckets.starts[index + 1] ?? buckets.end, to)
    const lastDay = calendarStart(end - 1 + zone.offsetAt(end - 1), "day", "monday")
    return { start: instantOf(zone, lastDay - (days - 1) * DAY), end }
  })
  const bounds = [...new Set(windows.flatMap(({ start, end }) => [start, end]))].sort(
    (a, b) => a - b
  )
  const starts = bounds.slice(0, -1)
  let first = 0
  let last = -1
  const reach = starts.map((start) => {
    while ((windows[first]?.end ?? Number.POSITIVE_INFINITY) <= start) first++
    while ((windows[last + 1]?.start ?? Number.POSITIVE_INFINITY) <= start) last++
    return { first, last }
  })
  return {
    cells: { starts, end: to, labels: [] },
    first: reach.map((cell) => cell.first),
    last: reach.map((cell) => cell.last)
  }
}

const daysOf = (measure: Measure): number | undefined => {
  if (measure === "active_users_trailing_7d") return 7
  return measure === "active_users_trailing_30d" ? 30 : undefined
}
