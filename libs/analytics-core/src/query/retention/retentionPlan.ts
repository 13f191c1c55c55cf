import { Effect } from "effect"
import { rangeOf, type TimeRange, zoneOf } from "../Common.ts"
import type { QueryContext } from "../Compiled.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import { type Interval, type TimeBuckets, timeBuckets } from "../TimeBuckets.ts"
import { instantOf, type TimeZone } from "../TimeZone.ts"
import { MAX_CELLS, type RetentionRequest } from "./Retention.ts"

export interface RetentionPlan {
  readonly request: RetentionRequest
  readonly range: TimeRange
  readonly buckets: TimeBuckets
  /** The length of a person's own periods, in milliseconds; absent: calendar periods. */
  readonly windowMs?: number
}

export const planRetention = Effect.fn("planRetention")(function* (
  request: RetentionRequest,
  context: QueryContext
) {
  const zone = yield* zoneOf(request, context)
  const range = yield* rangeOf(request, zone, context, (from) =>
    later(zone, from, request.interval, request.periods)
  )
  const weekStart = request.weekStart ?? "monday"
  const limit = Math.max(1, Math.floor(MAX_CELLS / request.periods))
  const { interval } = request
  const buckets = timeBuckets({ zone, interval, weekStart, ...range, limit })
  if (buckets === undefined)
    return yield* QueryInvalid.at(
      "/periods",
      `At most ${MAX_CELLS} cohorts × periods: ask for a shorter range, a longer interval or fewer periods`
    )
  const windowMs = request.windows === "24h" ? ownPeriods[interval] : undefined
  if (request.windows === "24h" && windowMs === undefined)
    return yield* QueryInvalid.at(
      "/windows",
      "Periods of 24 hours need the interval day or week"
    )
  const plan: RetentionPlan = {
    request,
    range,
    buckets,
    ...(windowMs === undefined ? {} : { windowMs })
  }
  return plan
})

const DAY = 86_400_000

const ownPeriods: Partial<Record<Interval, number>> = { day: DAY, week: 7 * DAY }

const clock: Partial<Record<Interval, number>> = { minute: 60_000, hour: 3_600_000 }
const days: Partial<Record<Interval, number>> = { day: 1, week: 7 }
const months: Partial<Record<Interval, number>> = { month: 1, quarter: 3, year: 12 }

/** So many intervals on the wall clock later; a day that a month lacks is its last. */
const later = (
  zone: TimeZone,
  from: number,
  interval: Interval,
  count: number
): number => {
  const size = clock[interval]
  if (size !== undefined) return from + count * size
  const wall = from + zone.offsetAt(from)
  const length = days[interval]
  if (length !== undefined) return instantOf(zone, wall + count * length * DAY)
  const date = new Date(wall)
  const month = date.getUTCMonth() + count * (months[interval] ?? 1)
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate()
  const day = Math.min(date.getUTCDate(), lastDay)
  const midnight = Date.UTC(date.getUTCFullYear(), month, day)
  return instantOf(zone, midnight + (((wall % DAY) + DAY) % DAY))
}
