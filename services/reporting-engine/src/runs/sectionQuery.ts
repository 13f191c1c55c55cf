import { namedRange } from "@analytics/analytics-core/query/Common"
import { documentedKinds } from "@analytics/analytics-core/query/Query"
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

type Body = Readonly<Record<string, unknown>>

const isBody = (value: unknown): value is Body =>
  Predicate.isObject(value) && !Array.isArray(value)

/** The query whose people one asks for: it has the range. */
const innerOf = ({ of }: Body): Body | undefined =>
  isBody(of) && isBody(of["query"]) ? of["query"] : undefined

/** SQL says itself which time it is of; what is of no known kind is refused elsewhere. */
const takes = (kind: unknown, field: string): boolean => {
  const known = documentedKinds.find((it) => it.kind === kind)
  return known === undefined || !("fields" in known.request)
    ? true
    : Predicate.hasProperty(known.request.fields, field)
}

/** The zone that a query says, or the report's. */
export const zoneOf = ({ timezone }: Body, frame: Frame): string =>
  typeof timezone === "string" ? timezone : frame.timezone

/** The named range of a query, as of the report's moment. */
const ownRange = (body: Body, frame: Frame) => {
  const { range, weekStart } = body
  return typeof range === "string" && isRange(range)
    ? rangeAt(range, zoneOf(body, frame), frame.at, weekStart)
    : undefined
}

const filtersOf = (own: unknown): ReadonlyArray<unknown> =>
  Array.isArray(own) ? own : own === undefined ? [] : [own]

const framed = (body: Body, frame: Frame): Body => {
  const inner = innerOf(body)
  if (inner !== undefined && isBody(body["of"]))
    return { ...body, of: { ...body["of"], query: framed(inner, frame) } }
  const { range, ...own } = body
  const named = ownRange(body, frame)
  const isNone =
    range === undefined && own["from"] === undefined && own["to"] === undefined
  const usual =
    isNone && takes(body["kind"], "from") ? { from: frame.from, to: frame.to } : {}
  // What is no range is refused by who reads it, with a reason.
  const unread = range === undefined || named !== undefined ? {} : { range }
  const zone = takes(body["kind"], "timezone") ? { timezone: zoneOf(own, frame) } : {}
  const all = [...frame.filters, ...filtersOf(own["filters"])]
  return {
    ...own,
    ...unread,
    ...(named ?? usual),
    ...zone,
    ...(all.length > 0 ? { filters: all } : {})
  }
}

/**
 * The body of a section's query: with values in the place of parameters, the report's
 * range, time zone and filters where it has none of its own, and everybody's watermark.
 */
export const sectionQuery = (query: Body, frame: Frame): Body => {
  const body = withValues(query, frame.values)
  return { ...framed(isBody(body) ? body : {}, frame), asOf: frame.asOf }
}

/** ISO 8601; IANA. */
interface Place {
  readonly from?: string
  readonly to?: string
  readonly timezone?: string
}

/** Range and time zone that an insight is asked with in place of what it says. */
export const insightRange = (query: Body, frame: Frame): Place => {
  const asked = innerOf(query) ?? query
  if (!takes(asked["kind"], "from") || !takes(asked["kind"], "timezone")) return {}
  return frame.isRanged
    ? { from: frame.from, to: frame.to, timezone: frame.timezone }
    : { ...ownRange(asked, frame), timezone: zoneOf(asked, frame) }
}

const DAY = 86_400_000

/** An interval that makes a line of the range: 7 to 100 points. */
export const sparkInterval = (from: string, to: string): string => {
  const days = (Date.parse(to) - Date.parse(from)) / DAY
  return days <= 2 ? "hour" : days <= 100 ? "day" : days <= 700 ? "week" : "month"
}
