import { namedRange } from "@analytics/analytics-core/query/Common"
import { timeZone } from "@analytics/analytics-core/query/TimeZone"
import { Predicate } from "effect"
import { isRange, type ParameterValues, withValues } from "../definitions/parameters.ts"

/** What all sections of one document are of. */
export interface Frame {
  readonly projectId: number
  /** IANA. */
  readonly timezone: string
  /** BCP 47. */
  readonly locale: string
  /** Epoch milliseconds at which named ranges end. */
  readonly at: number
  /** ISO 8601. */
  readonly from: string
  readonly to: string
  /** Whether the report itself says its range, which insights then take. */
  readonly isRanged: boolean
  readonly asOf: string
  readonly filters: ReadonlyArray<unknown>
  readonly values: ParameterValues
  /** Shared by its queries: `Concurrency-Group`. */
  readonly group: string
}

/** So many whole weeks or months before the current one: they compare like with like. */
const whole = /^last_([1-9]\d{0,2})([wm])$/u

/** `[from, to)` of a named range of that zone, as of that moment. */
export const rangeAt = (
  name: string,
  timezone: string,
  at: number,
  weekStart: unknown = "monday"
): { readonly from: string; readonly to: string } | undefined => {
  const zone = timeZone(timezone)
  if (zone === undefined) return undefined
  const week = weekStart === "sunday" ? "sunday" : "monday"
  const [, count, letter] = whole.exec(name) ?? []
  const last = letter === "w" ? "last_week" : "last_month"
  const { from, to } = namedRange(count === undefined ? name : last, zone, week, {
    now: at
  })
  let first = from
  for (let left = Number(count ?? 1); left > 1; left--)
    first = namedRange(last, zone, week, { now: first }).from
  return { from: new Date(first).toISOString(), to: new Date(to).toISOString() }
}

const filtersOf = (own: unknown): ReadonlyArray<unknown> =>
  Array.isArray(own) ? own : own === undefined ? [] : [own]

/**
 * The body of a section's query: with values in the place of parameters, the report's
 * range, time zone and filters where it has none of its own, and everybody's watermark.
 */
export const sectionQuery = (
  query: Readonly<Record<string, unknown>>,
  { asOf, at, filters, from, timezone, to, values }: Frame
): Readonly<Record<string, unknown>> => {
  const body = withValues(query, values)
  const { range, ...own } = Predicate.isObject(body) ? { ...body } : {}
  const zone = typeof own["timezone"] === "string" ? own["timezone"] : timezone
  const named =
    typeof range === "string" && isRange(range)
      ? rangeAt(range, zone, at, own["weekStart"])
      : undefined
  const hasOwn = own["from"] !== undefined || own["to"] !== undefined
  // What is no range is refused by who reads it, with a reason.
  const unread = range === undefined || named !== undefined ? {} : { range }
  const all = [...filters, ...filtersOf(own["filters"])]
  return {
    ...own,
    ...unread,
    ...(named ?? (hasOwn || range !== undefined ? {} : { from, to })),
    timezone: zone,
    asOf,
    ...(all.length > 0 ? { filters: all } : {})
  }
}

const DAY = 86_400_000

/** An interval that makes a line of the range: 7 to 100 points. */
export const sparkInterval = (from: string, to: string): string => {
  const days = (Date.parse(to) - Date.parse(from)) / DAY
  return days <= 2 ? "hour" : days <= 100 ? "day" : days <= 700 ? "week" : "month"
}
