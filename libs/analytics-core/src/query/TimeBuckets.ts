import { instantOf, type TimeZone, transitionIn, wallClockLabel } from "./TimeZone.ts"

export const intervals = [
  "minute",
  "hour",
  "day",
  "week",
  "month",
  "quarter",
  "year"
] as const
export type Interval = (typeof intervals)[number]
export type WeekStart = "monday" | "sunday"

/**
 * Bucket i is `[starts[i], starts[i + 1])`, the last one ends at `end`. The first begins
 * at its calendar start, which may lie before the range. Instants in epoch milliseconds.
 */
export interface TimeBuckets {
  readonly starts: ReadonlyArray<number>
  readonly end: number
  readonly labels: ReadonlyArray<string>
}

export interface BucketRequest {
  readonly zone: TimeZone
  readonly interval: Interval
  readonly weekStart: WeekStart
  readonly from: number
  readonly to: number
  /** More buckets than this, and there is no answer. */
  readonly limit: number
}

/** The buckets of `[from, to)`, all of them, also the empty ones. */
export const timeBuckets = (asked: BucketRequest): TimeBuckets | undefined => {
  const request = { ...asked, limit: Math.min(asked.limit, MAX_BUCKETS) }
  return request.interval === "minute" || request.interval === "hour"
    ? clockBuckets(request, request.interval === "hour" ? HOUR : MINUTE)
    : calendarBuckets(request, request.interval)
}

/** Every bucket asks for offsets, and meanwhile nothing else is answered. */
const MAX_BUCKETS = 10_000

/** One bucket for the whole range. */
export const wholeRange = (zone: TimeZone, from: number, to: number): TimeBuckets => ({
  starts: [from],
  end: to,
  labels: [wallClockLabel(zone, from)]
})

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Minutes and hours of the wall clock. A change of offset begins another bucket. */
const clockBuckets = (
  { zone, from, to, limit }: BucketRequest,
  size: number
): TimeBuckets | undefined => {
  let offset = zone.offsetAt(from)
  let start = from - modulo(from + offset, size)
  if (zone.offsetAt(start) !== offset) start = transitionIn(zone, start, from)
  const starts: Array<number> = []
  while (start < to) {
    if (starts.length === limit) return undefined
    starts.push(start)
    let next = start - modulo(start + offset, size) + size
    const nextOffset = zone.offsetAt(next)
    if (nextOffset !== offset) next = transitionIn(zone, start, next)
    offset = nextOffset
    start = next
  }
  return {
    starts,
    end: start,
    labels: starts.map((instant) => wallClockLabel(zone, instant))
  }
}

/** Local days and what is made of them. A day that a zone skipped has no bucket. */
const calendarBuckets = (
  { zone, weekStart, from, to, limit }: BucketRequest,
  unit: Exclude<Interval, "minute" | "hour">
): TimeBuckets | undefined => {
  let wall = calendarStart(from + zone.offsetAt(from), unit, weekStart)
  let start = instantOf(zone, wall)
  const starts: Array<number> = []
  const labels: Array<string> = []
  while (start < to) {
    const nextWall = nextCalendarStart(wall, unit)
    const next = instantOf(zone, nextWall)
    if (next > start) {
      if (starts.length === limit) return undefined
      starts.push(start)
      labels.push(new Date(wall).toISOString().slice(0, 10))
    }
    wall = nextWall
    start = next
  }
  return { starts, end: start, labels }
}

/** The wall clock at which the unit around `wall` begins. */
export const calendarStart = (
  wall: number,
  unit: Exclude<Interval, "minute" | "hour">,
  weekStart: WeekStart
): number => {
  const date = new Date(wall)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  const midnight = wall - modulo(wall, DAY)
  switch (unit) {
    case "day":
      return midnight
    case "week":
      return (
        midnight - ((date.getUTCDay() + (weekStart === "monday" ? 6 : 0)) % 7) * DAY
      )
    case "month":
      return Date.UTC(year, month)
    case "quarter":
      return Date.UTC(year, month - (month % 3))
    case "year":
      return Date.UTC(year, 0)
  }
}

/** The wall clock at which the unit that begins at `wall` ends. */
export const nextCalendarStart = (
  wall: number,
  unit: Exclude<Interval, "minute" | "hour">
): number => {
  if (unit === "day") return wall + DAY
  if (unit === "week") return wall + 7 * DAY
  const date = new Date(wall)
  const months = unit === "month" ? 1 : unit === "quarter" ? 3 : 12
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months)
}

const modulo = (value: number, size: number) => ((value % size) + size) % size
