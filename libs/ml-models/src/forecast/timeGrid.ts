import {
  calendarStart,
  type Interval,
  nextCalendarStart
} from "@analytics/analytics-core/query/TimeBuckets"
import { instantOf, timeZone } from "@analytics/analytics-core/query/TimeZone"
import type { SeriesInterval, Values } from "./Series.ts"

/** What a request says of time, as it came. */
export interface Timed {
  readonly values: Values
  readonly interval: SeriesInterval
  readonly timezone?: string
  readonly start?: string
  readonly timestamps?: ReadonlyArray<string>
}

/** The values one interval apart, and when each would be. */
export interface Grid {
  readonly values: Values
  /** Of a value, also of one that is still to come; undefined: the request tells no time. */
  readonly timestamp: (index: number) => string | null
}

/** The request is wrong about time. */
export interface GridFault {
  readonly pointer: string
  readonly fault: string
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Instants from `first` on, one interval apart, each worked out once. */
const clock = (
  first: number,
  interval: Interval,
  zoneName: string
): ((index: number) => number) => {
  if (interval === "minute") return (index) => first + index * MINUTE
  if (interval === "hour") return (index) => first + index * HOUR
  const zone = timeZone(zoneName)
  const wall = first + (zone?.offsetAt(first) ?? 0)
  const at = calendarStart(wall, interval, "monday")
  // A week may begin on any day, a day at any hour: what is left stays.
  const walls = [interval === "day" || interval === "week" ? wall : at]
  const instants = [first]
  return (index) => {
    while (instants.length <= index) {
      const next = nextCalendarStart(walls.at(-1) ?? wall, interval)
      walls.push(next)
      instants.push(zone ? instantOf(zone, next) : next)
    }
    return instants[index] ?? first
  }
}

/** @param most values that the grid may have */
export const gridOf = (series: Timed, most: number): Grid | GridFault => {
  const { interval, start, timestamps, timezone = "UTC", values } = series
  const first = timestamps?.[0] ?? start
  if (first === undefined || interval === "custom")
    return { values, timestamp: () => null }
  const instantAt = clock(Date.parse(first), interval, timezone)
  const timestamp = (index: number) => new Date(instantAt(index)).toISOString()
  if (timestamps === undefined) return { values, timestamp }
  const placed: Array<number | null> = []
  for (const [index, text] of timestamps.entries()) {
    const instant = Date.parse(text)
    while (placed.length < most && instantAt(placed.length) < instant) placed.push(null)
    if (placed.length >= most)
      return {
        pointer: `/timestamps/${index}`,
        fault: `At most ${most} intervals from the first one on: take a longer interval`
      }
    if (instantAt(placed.length) !== instant)
      return {
        pointer: `/timestamps/${index}`,
        fault: `Expected a whole number of intervals after the first one, ascending: ${timestamp(placed.length)} would be next`
      }
    placed.push(values[index] ?? null)
  }
  return { values: placed, timestamp }
}
