import { hourMs } from "./Model.ts"

export type Interval =
  | "minute"
  | "hour"
  | "day"
  | "week"
  | "month"
  | "quarter"
  | "year"
  | "none"

export interface Calendar {
  readonly interval: Interval
  readonly timezone: string
  readonly weekStart?: "monday" | "sunday"
}

const local = (at: number, timezone: string) =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timezone)

/** A local full hour or minute; or the moment at which clocks were set, if that is later. */
const floorWithOffset = (at: number, timezone: string, unit: number) => {
  const zoned = local(at, timezone)
  const offset = zoned.offsetNanoseconds / 1e6
  const set = zoned.add({ nanoseconds: 1 }).getTimeZoneTransition("previous")
  return Math.max(
    Math.floor((at + offset) / unit) * unit - offset,
    set?.epochMilliseconds ?? Number.NEGATIVE_INFINITY
  )
}

const firstDay = (day: Temporal.PlainDate, calendar: Calendar): Temporal.PlainDate => {
  switch (calendar.interval) {
    case "week": {
      const shift =
        calendar.weekStart === "sunday" ? day.dayOfWeek % 7 : day.dayOfWeek - 1
      return day.subtract({ days: shift })
    }
    case "month":
      return day.with({ day: 1 })
    case "quarter":
      return day.with({ day: 1, month: day.month - ((day.month - 1) % 3) })
    case "year":
      return day.with({ day: 1, month: 1 })
    default:
      return day
  }
}

const steps = {
  day: { days: 1 },
  week: { weeks: 1 },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { years: 1 }
} as const

const startOf = (day: Temporal.PlainDate, timezone: string) =>
  day.toZonedDateTime(timezone).epochMilliseconds

/** The start of the bucket that holds an instant, in milliseconds. */
export const bucketStart = (at: number, calendar: Calendar): number => {
  const { interval, timezone } = calendar
  if (interval === "none") return at
  if (interval === "minute" || interval === "hour")
    return floorWithOffset(at, timezone, interval === "hour" ? hourMs : 60_000)
  return startOf(firstDay(local(at, timezone).toPlainDate(), calendar), timezone)
}

/** The start of the bucket `count` buckets after (or before) the one that starts there. */
export const shifted = (start: number, calendar: Calendar, count: number): number => {
  const { interval, timezone } = calendar
  if (interval === "none") return start
  if (interval === "minute" || interval === "hour") {
    if (count === 0) return start
    const unit = interval === "hour" ? hourMs : 60_000
    // No bucket is longer than its unit, and one before it ends where it starts.
    const next = bucketStart(count > 0 ? start + unit : start - 1, calendar)
    return shifted(next, calendar, count - Math.sign(count))
  }
  const [unit, size] = Object.entries(steps[interval])[0] ?? ["days", 1]
  return startOf(
    local(start, timezone)
      .toPlainDate()
      .add({ [unit]: size * count }),
    timezone
  )
}

/** Starts of the buckets of `[from, to)`; the first may lie before `from`. */
export const bucketsOf = (
  from: number,
  to: number,
  calendar: Calendar
): ReadonlyArray<number> => {
  if (calendar.interval === "none") return [from]
  const starts: Array<number> = []
  for (let at = bucketStart(from, calendar); at < to; at = shifted(at, calendar, 1))
    starts.push(at)
  return starts
}

/** The index of the bucket that holds an instant. */
export const bucketIndex = (starts: ReadonlyArray<number>, at: number): number =>
  starts.findLastIndex((start) => start <= at)
