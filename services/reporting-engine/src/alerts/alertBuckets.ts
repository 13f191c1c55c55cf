import {
  timeBuckets,
  type WeekStart
} from "@analytics/analytics-core/query/TimeBuckets"
import {
  instantOf,
  type TimeZone,
  timeZone
} from "@analytics/analytics-core/query/TimeZone"

export const alertIntervals = ["hour", "day", "week"] as const
export type AlertInterval = (typeof alertIntervals)[number]

/** How an alert cuts time. */
export interface Timeline {
  readonly zone: TimeZone
  readonly interval: AlertInterval
  readonly weekStart: WeekStart
}

/** `[start, end)` in epoch milliseconds. */
export interface Bucket {
  readonly start: number
  readonly end: number
  readonly label: string
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
export const WEEK = 7 * DAY

/** No bucket is longer: a day that sets its clock back has 25 hours. */
const longest: Readonly<Record<AlertInterval, number>> = {
  hour: HOUR,
  day: 25 * HOUR,
  week: WEEK + HOUR
}

/** The zone was checked when the alert came in; without one of that name it is UTC. */
export const timelineOf = (
  timezone: string,
  interval: AlertInterval,
  weekStart: WeekStart
): Timeline => {
  const zone = timeZone(timezone) ?? { name: "UTC", offsetAt: () => 0 }
  return { zone, interval, weekStart }
}

/** Every bucket that `[from, to)` touches, oldest first; at most 10,000. */
export const bucketsBetween = (
  timeline: Timeline,
  from: number,
  to: number
): ReadonlyArray<Bucket> => {
  const found = timeBuckets({ ...timeline, from, to, limit: 10_000 })
  return (found?.starts ?? []).map((start, index) => ({
    start,
    end: found?.starts[index + 1] ?? found?.end ?? start,
    label: found?.labels[index] ?? ""
  }))
}

export const bucketAt = (timeline: Timeline, instant: number): Bucket => {
  const found = bucketsBetween(timeline, instant, instant + 1)[0]
  // Time has no gaps: there is always one.
  return found ?? { start: instant, end: instant + 1, label: "" }
}

/** The last `count` buckets that are over at `instant`, oldest first. */
export const bucketsBefore = (
  timeline: Timeline,
  instant: number,
  count: number
): ReadonlyArray<Bucket> => {
  if (count <= 0) return []
  const from = instant - (count + 2) * longest[timeline.interval]
  return bucketsBetween(timeline, from, instant)
    .filter(({ end }) => end <= instant)
    .slice(-count)
}

/** The first instant at which the wall clock showed this, `weeks` weeks earlier. */
export const weeksBefore = (
  { zone }: Timeline,
  instant: number,
  weeks: number
): number => instantOf(zone, instant + zone.offsetAt(instant) - weeks * WEEK)

/** Buckets of one week and a little more, as clocks may be changed in it. */
export const bucketsOfWeek: Readonly<Record<AlertInterval, number>> = {
  hour: 7 * 24 + 2,
  day: 8,
  week: 1
}
