import { FunnelRequest } from "@analytics/analytics-core/query/funnel/Funnel"
import { LifecycleRequest } from "@analytics/analytics-core/query/lifecycle/Lifecycle"
import { RetentionRequest } from "@analytics/analytics-core/query/retention/Retention"
import { StickinessRequest } from "@analytics/analytics-core/query/stickiness/Stickiness"
import { TrendsRequest } from "@analytics/analytics-core/query/trends/TrendsRequest"
import { Schema, Struct } from "effect"
import type { SavedQuery } from "../insights/Insight.ts"
import { canonical } from "../results/resultKey.ts"
import { meet, scopeOf, tellHowMany } from "./shareable.ts"

const isTrends = Schema.is(TrendsRequest)
const isFunnel = Schema.is(FunnelRequest)
const isRetention = Schema.is(RetentionRequest)
const isOfOneEvent = Schema.is(Schema.Union([StickinessRequest, LifecycleRequest]))

/** Events that a question is about, and how they are divided; undefined is any event. */
interface Cut {
  readonly event: string | undefined
  readonly division: string
}

/**
 * Equal for trends whose numbers have the same buckets and groups, whatever they count:
 * range, zone, interval, breakdown and comparison.
 */
export const frameOf = (request: TrendsRequest): string =>
  canonical(
    Struct.omit(request, [
      "series",
      "formula",
      "filters",
      "cohort",
      "includeBots",
      "limit"
    ])
  )

/** Equal for all trends whose numbers may have the same buckets and groups. */
export const cutOf = ({ breakdown = [], interval }: TrendsRequest): string =>
  canonical([interval, breakdown])

/**
 * Whether two questions must not be answered side by side, because they divide the same
 * events in different ways: orders of all and of one plan are those of the other plans, and
 * days and their week are the day that is hidden. The same question twice is none.
 */
export const clash = (one: SavedQuery, other: SavedQuery): boolean => {
  const [own, others] = [readingOf(one), readingOf(other)]
  return (
    own.cuts.some((cut) =>
      others.cuts.some(
        ({ division, event }) => division !== cut.division && meet(event, cut.event)
      )
    ) ||
    own.series.some((series) => others.series.some((next) => tellHowMany(series, next)))
  )
}

interface Reading {
  readonly cuts: ReadonlyArray<Cut>
  /** Of a trend; else none. */
  readonly series: TrendsRequest["series"]
}

/** Every tile is held against every other, and anybody may open a link: read once. */
const readings = new WeakMap<SavedQuery, Reading>()

const readingOf = (query: SavedQuery): Reading => {
  const known = readings.get(query)
  if (known) return known
  const reading = {
    cuts: cutsOf(query),
    series: isTrends(query) ? query.series : []
  }
  readings.set(query, reading)
  return reading
}

const cutsOf = (query: SavedQuery): ReadonlyArray<Cut> => {
  if (isTrends(query)) {
    const frame = frameOf(query)
    return query.series.map((series) => ({
      event: series.event,
      division: canonical([frame, scopeOf(query, series)])
    }))
  }
  const division = canonical(query)
  return eventsOf(query).map((event) => ({ event, division }))
}

const eventsOf = (query: SavedQuery): ReadonlyArray<string | undefined> => {
  if (isFunnel(query))
    return [...query.steps, ...(query.exclusions ?? [])].map(({ event }) => event)
  if (isRetention(query)) return [query.start.event, query.return.event]
  return isOfOneEvent(query) ? [query.event] : [undefined]
}
