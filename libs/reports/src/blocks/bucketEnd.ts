import {
  type Interval,
  intervals,
  nextCalendarStart
} from "@analytics/analytics-core/query/TimeBuckets"
import { instantOf, timeZone } from "@analytics/analytics-core/query/TimeZone"

const HOUR = 3_600_000

export const isInterval = (value: unknown): value is Interval =>
  intervals.some((interval) => interval === value)

/** Where the bucket that begins there ends, in epoch milliseconds. */
export const bucketEnd = (
  start: number,
  interval: Interval,
  timezone: string
): number => {
  if (interval === "minute") return start + 60_000
  if (interval === "hour") return start + HOUR
  const zone = timeZone(timezone)
  if (zone === undefined) return start
  return instantOf(zone, nextCalendarStart(start + zone.offsetAt(start), interval))
}
