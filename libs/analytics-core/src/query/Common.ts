import { Effect, Option, Schema } from "effect"
import type { QueryContext } from "./Compiled.ts"
import { readCursor } from "./Cursor.ts"
import { Filters } from "./Filter.ts"
import { QueryInvalid } from "./QueryInvalid.ts"
import { EARLIEST, LATEST } from "./Sql.ts"
import {
  calendarStart,
  type Interval,
  nextCalendarStart,
  type WeekStart
} from "./TimeBuckets.ts"
import { instantOf, type TimeZone, timeZone } from "./TimeZone.ts"

const instantPattern =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/u

/** `2025-03-01T00:00:00Z`, with any offset, from 1900 to 2299; at most milliseconds count. */
export const Instant = Schema.String.check(
  Schema.isPattern(instantPattern, { expected: "an ISO 8601 instant with an offset" }),
  Schema.makeFilter((text) =>
    instantPattern.test(text) ? faultOfInstant(text) : undefined
  )
)

const faultOfInstant = (text: string): string | undefined => {
  const instant = Date.parse(text)
  // The engine of the language takes February 30 for March 2.
  const date = text.slice(0, 10)
  const day = Date.parse(`${date}T00:00:00Z`)
  if (
    Number.isNaN(instant) ||
    Number.isNaN(day) ||
    new Date(day).toISOString().slice(0, 10) !== date
  )
    return "Expected an instant that exists"
  return instant < EARLIEST || instant > LATEST
    ? "Expected an instant from 1900 to 2299"
    : undefined
}

export const TimeZoneName = Schema.String.check(
  Schema.makeFilter((name) =>
    timeZone(name) === undefined ? "Expected an IANA time zone" : undefined
  )
).annotate({ examples: ["Europe/Berlin", "UTC"] })

const Range = Schema.String.check(
  Schema.isPattern(
    /^(today|yesterday|last_[1-9]\d{0,3}d|(this|last)_(week|month|quarter|year))$/u,
    {
      expected:
        "today, yesterday, last_<n>d, this_week, this_month, this_quarter, this_year or last_week …"
    }
  )
).annotate({ examples: ["last_7d", "this_month"] })

/** The fields that every kind of query takes. */
export const commonFields = {
  from: Schema.optionalKey(Instant),
  to: Schema.optionalKey(Instant),
  range: Schema.optionalKey(Range),
  timezone: Schema.optionalKey(TimeZoneName),
  filters: Schema.optionalKey(Filters),
  cohort: Schema.optionalKey(
    Schema.String.check(Schema.isUUID()).annotate({
      description: "Only people of this cohort, as `POST /v1/cohorts` made it"
    })
  ),
  weekStart: Schema.optionalKey(Schema.Literals(["monday", "sunday"])),
  asOf: Schema.optionalKey(Instant),
  includeBots: Schema.optionalKey(Schema.Boolean),
  limit: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000 })).annotate({
      description: "Of a page; without effect on kinds whose answers have no pages"
    })
  ),
  cursor: Schema.optionalKey(
    Schema.String.check(
      Schema.makeFilter((text) =>
        Option.isNone(readCursor(text)) ? "Expected nextCursor of an answer" : undefined
      )
    ).annotate({
      description: "Of a page; without effect on kinds whose answers have no pages"
    })
  )
}

const Common = Schema.Struct(commonFields)
export type Common = typeof Common.Type

export interface TimeRange {
  readonly from: number
  readonly to: number
}

/** The zone the query is read in; both names were checked when they came in. */
export const zoneOf = (
  request: Pick<Common, "timezone">,
  context: QueryContext
): Effect.Effect<TimeZone, QueryInvalid> => {
  const zone = timeZone(request.timezone ?? context.timezone)
  return zone
    ? Effect.succeed(zone)
    : Effect.fail(QueryInvalid.at("/timezone", "Expected an IANA time zone"))
}

/**
 * The asked range in epoch milliseconds, half-open. `defaultTo` is asked when `to` is
 * missing; without it both ends or a `range` are needed.
 */
export const rangeOf = (
  request: Common,
  zone: TimeZone,
  context: QueryContext,
  defaultTo?: (from: number) => number
): Effect.Effect<TimeRange, QueryInvalid> => {
  if (request.range !== undefined)
    return request.from === undefined && request.to === undefined
      ? Effect.succeed(
          namedRange(request.range, zone, request.weekStart ?? "monday", context)
        )
      : Effect.fail(QueryInvalid.at("/range", "Give range, or from and to"))
  if (request.from === undefined)
    return Effect.fail(QueryInvalid.at("/from", "Give from and to, or range"))
  const from = Date.parse(request.from)
  const asked = request.to === undefined ? defaultTo?.(from) : Date.parse(request.to)
  if (asked === undefined)
    return Effect.fail(QueryInvalid.at("/to", "Give from and to, or range"))
  const to = Math.min(asked, LATEST)
  return from < to
    ? Effect.succeed({ from, to })
    : Effect.fail(QueryInvalid.at("/to", "to must lie after from"))
}

const DAY = 86_400_000

/** Whole local units around now; a query as of an earlier watermark has that now. */
export const namedRange = (
  name: string,
  zone: TimeZone,
  weekStart: WeekStart,
  context: Pick<QueryContext, "now">
): TimeRange => {
  const wallNow = context.now + zone.offsetAt(context.now)
  const today = calendarStart(wallNow, "day", weekStart)
  const between = (from: number, to: number) => ({
    from: instantOf(zone, from),
    to: instantOf(zone, to)
  })
  if (name === "today") return between(today, today + DAY)
  if (name === "yesterday") return between(today - DAY, today)
  const days = /^last_(\d+)d$/u.exec(name)?.[1]
  if (days !== undefined) return between(today - (Number(days) - 1) * DAY, today + DAY)
  const [which, unit] = name.split("_")
  const calendarUnit = calendarUnits.find((known) => known === unit) ?? "month"
  const start = calendarStart(wallNow, calendarUnit, weekStart)
  return which === "this"
    ? between(start, nextCalendarStart(start, calendarUnit))
    : between(calendarStart(start - DAY, calendarUnit, weekStart), start)
}

const calendarUnits = [
  "week",
  "month",
  "quarter",
  "year"
] as const satisfies ReadonlyArray<Interval>
