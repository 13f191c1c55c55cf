import { QueryInvalid } from "@analytics/analytics-core/query/QueryInvalid"
import {
  type Measure,
  TrendsRequest
} from "@analytics/analytics-core/query/trends/TrendsRequest"
import { Effect, Schema } from "effect"
import type { SavedQuery } from "../insights/Insight.ts"
import { canonical } from "../results/resultKey.ts"

/** Kinds whose numbers have a known number of people behind them. */
export const sharedKinds = [
  "trends",
  "funnel",
  "retention",
  "stickiness",
  "lifecycle",
  "sessions"
] as const
export type SharedKind = (typeof sharedKinds)[number]

const MOST_SERIES = 12

/** Of these it is known how many people are behind each number, and none is one person's. */
const sharedMeasures: ReadonlySet<Measure> = new Set([
  "total",
  "unique_users",
  "total_per_user",
  "sum",
  "avg"
])

type Series = TrendsRequest["series"][number]

export const isSharedKind = (kind: unknown): kind is SharedKind =>
  sharedKinds.some((known) => known === kind)

/**
 * Refuses what cannot be shown without telling of single people: lists, kinds and measures
 * of which the people behind a number are not known, values of one person, and numbers
 * whose difference is another number.
 *
 * @param pointer of the query in the request
 */
export const requireShareable = (
  query: SavedQuery,
  pointer: string
): Effect.Effect<void, QueryInvalid> => {
  const fault = faultOf(query)
  return fault === undefined
    ? Effect.void
    : Effect.fail(QueryInvalid.at(pointer + fault.pointer, fault.detail))
}

interface Fault {
  readonly pointer: string
  readonly detail: string
}

const isTrends = Schema.is(TrendsRequest)

const faultOf = (query: SavedQuery): Fault | undefined => {
  const { kind } = query
  if (!isSharedKind(kind))
    return {
      pointer: "/kind",
      detail: `Only ${sharedKinds.join(", ")} can be shared: of other kinds it is not known how many people are behind a number`
    }
  if (query["list"] === true)
    return { pointer: "/list", detail: "A list of sessions is one of people" }
  return kind === "trends" && isTrends(query) ? faultOfTrends(query) : undefined
}

const faultOfTrends = (request: TrendsRequest): Fault | undefined => {
  for (const field of ["forecast", "anomalies"] as const)
    if (request[field] !== undefined)
      return {
        pointer: `/${field}`,
        detail: "It would tell of numbers that are not shown; leave it out"
      }
  if (request.compare !== undefined && typeof request.compare !== "string")
    return {
      pointer: "/compare",
      detail:
        'Where both overlap the difference would tell of the rest; share "previous_period"'
    }
  if (request.series.length > MOST_SERIES)
    return { pointer: "/series", detail: `At most ${MOST_SERIES} series are shared` }
  for (const [index, series] of request.series.entries()) {
    const detail = faultOfSeries(request, series, request.series.slice(0, index))
    if (detail !== undefined) return { pointer: `/series/${index}`, detail }
  }
  return undefined
}

const faultOfSeries = (
  request: TrendsRequest,
  series: Series,
  before: ReadonlyArray<Series>
): string | undefined => {
  if (!sharedMeasures.has(series.measure))
    return `Only ${[...sharedMeasures].join(", ")} can be shared: others are one person's value, or it is not known how many people are behind them`
  const own = scopeOf(request, series)
  if (
    before.some(
      (other) => scopeOf(request, other) !== own && meet(series.event, other.event)
    )
  )
    return "Two series of the same events with other filters: their difference would tell of the rest. Share one of them, or a breakdown"
  return before.some((other) => tellHowMany(series, other))
    ? "A sum and an average tell how many events have the property; share one of them"
    : undefined
}

/** Whether the same event may be meant; undefined is any. */
export const meet = (one: string | undefined, other: string | undefined): boolean =>
  one === undefined || other === undefined || one === other

/** A sum divided by its average is how many events have the property. */
export const tellHowMany = (one: Series, other: Series): boolean =>
  one.property === other.property &&
  ((one.measure === "sum" && other.measure === "avg") ||
    (one.measure === "avg" && other.measure === "sum"))

type Asked = Pick<TrendsRequest, "filters" | "cohort" | "includeBots">

/** Equal for series about the same events. */
export const scopeOf = (
  { cohort, filters = [], includeBots = false }: Asked,
  { event, filters: own = [] }: Series
): string => canonical([event ?? null, [filters, own].flat(), cohort, includeBots])
