import { bucketStart, shifted } from "./buckets.ts"
import { picked, propertyOf } from "./filters.ts"
import type { OracleEvent, World } from "./Model.ts"
import type { Series, TrendsRequest } from "./requests.ts"
import { sessionsOf } from "./sessionize.ts"
import { mean, quantile, ratio, sum } from "./statistics.ts"

const levels: Readonly<Record<string, number>> = {
  median: 0.5,
  p75: 0.75,
  p90: 0.9,
  p95: 0.95,
  p99: 0.99
}

const people = (events: ReadonlyArray<OracleEvent>) =>
  new Set(events.map((event) => event.person)).size

/** A measure of the events of one group in one bucket. */
export const measured = (
  world: World,
  series: Series,
  events: ReadonlyArray<OracleEvent>
): number | null => {
  const { measure, property = "" } = series
  if (measure === "total") return events.length
  if (measure === "unique_users") return people(events)
  if (measure === "total_per_user") return ratio(events.length, people(events))
  const numbers = events
    .map((event) => propertyOf(world, event, property))
    .filter((value) => typeof value === "number")
  if (measure === "sum") return sum(numbers)
  if (numbers.length === 0) return null
  if (measure === "avg") return mean(numbers)
  if (measure === "min") return Math.min(...numbers)
  if (measure === "max") return Math.max(...numbers)
  const level = levels[measure]
  if (level === undefined) throw new Error(`no measure ${measure}`)
  return quantile(numbers, level)
}

/** People of the day and of the 6 or 29 local days before it, also before the range. */
export const trailing = (
  world: World,
  request: TrendsRequest,
  series: Series,
  bucket: number,
  to: number
): number => {
  const day = { interval: "day", timezone: request.timezone } as const
  const start = bucketStart(bucket, day)
  const back = series.measure === "active_users_trailing_7d" ? 6 : 29
  const first = shifted(start, day, -back)
  const end = Math.min(to, shifted(start, day, 1))
  return people(
    world.events.filter(
      (event) => event.at >= first && event.at < end && picked(world, event, series)
    )
  )
}

/** Starts of sessions in `[from, to)`. */
export const sessionStarts = (world: World, from: number, to: number) =>
  sessionsOf(world, from, to, 1_800_000).map((session) => session.start)
