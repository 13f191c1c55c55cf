import { bucketIndex, bucketStart, bucketsOf } from "./buckets.ts"
import { picked } from "./filters.ts"
import { dayMs, type OracleEvent, type World } from "./Model.ts"
import type { RetentionRequest } from "./requests.ts"

export interface RetentionResult {
  readonly cohorts: ReadonlyArray<{
    /** Milliseconds since 1970. */
    readonly start: number
    readonly size: number
    readonly counts: ReadonlyArray<number>
  }>
}

const units = {
  day: { days: 1 },
  week: { weeks: 1 },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { years: 1 },
  hour: { hours: 1 },
  minute: { minutes: 1 }
} as const

/** `from` and so many intervals of the calendar. */
const defaultEnd = (from: number, request: RetentionRequest): number => {
  const { interval, periods, timezone } = request
  if (interval === "none") throw new Error("retention needs an interval")
  const [unit, size] = Object.entries(units[interval])[0] ?? ["days", 1]
  return Temporal.Instant.fromEpochMilliseconds(from)
    .toZonedDateTimeISO(timezone)
    .add({ [unit]: size * periods }).epochMilliseconds
}

/** Cohorts per bucket of the range, and who came back. */
export const retention = (world: World, request: RetentionRequest): RetentionResult => {
  const from = Date.parse(request.from)
  const to =
    request.to === undefined ? defaultEnd(from, request) : Date.parse(request.to)
  const buckets = bucketsOf(from, to, request)
  const within = (event: OracleEvent) => event.at >= from && event.at < to
  const people = [...Map.groupBy(world.events, (event) => event.person).values()].map(
    (events) => {
      const starts = events.filter((event) => picked(world, event, request.start))
      const entries = request.mode === "first_time" ? starts.slice(0, 1) : starts
      const returns = events.filter((event) => picked(world, event, request.return))
      return { entries: entries.filter(within), returns }
    }
  )
  const came = (entry: OracleEvent, event: OracleEvent): number => {
    if (request.windows === "24h") return Math.floor((event.at - entry.at) / dayMs)
    if (!within(event)) return -1
    return (
      bucketIndex(buckets, bucketStart(event.at, request)) -
      bucketIndex(buckets, entry.at)
    )
  }
  const cohorts = buckets.map((start, index) => {
    const members = people.flatMap(({ entries, returns }) => {
      const entry = entries.find((one) => bucketIndex(buckets, one.at) === index)
      return entry === undefined
        ? []
        : [new Set(returns.map((event) => came(entry, event)))]
    })
    const length = Math.min(request.periods, buckets.length - index)
    const counts = Array.from({ length }, (_, period) =>
      period === 0
        ? members.length
        : members.filter((periods) =>
            request.onOrAfter
              ? [...periods].some((one) => one >= period)
              : periods.has(period)
          ).length
    )
    return { start, size: members.length, counts }
  })
  return { cohorts }
}
