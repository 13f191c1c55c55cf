import { bucketIndex, bucketsOf } from "./buckets.ts"
import { matches, propertyOf } from "./filters.ts"
import type { Json, OracleEvent, World } from "./Model.ts"
import { rangeOf, type SessionsRequest } from "./requests.ts"
import { type Session, sessionsOf } from "./sessionize.ts"
import { mean, quantile, ratio } from "./statistics.ts"

interface Spread {
  readonly mean: number | null
  readonly median: number | null
  readonly p95: number | null
}

export interface SessionsResult {
  readonly count: number
  readonly people: number
  readonly bounceRate: number | null
  readonly durationsSeconds: Spread
  readonly eventsPerSession: Spread
  readonly entry: ReadonlyArray<{ readonly value: Json; readonly count: number }>
  readonly exit: ReadonlyArray<{ readonly value: Json; readonly count: number }>
  readonly buckets: ReadonlyArray<number>
  readonly series: ReadonlyArray<{
    readonly breakdown: ReadonlyArray<Json> | null
    readonly data: ReadonlyArray<number>
  }>
}

const spread = (values: ReadonlyArray<number>): Spread => ({
  mean: mean(values),
  median: quantile(values, 0.5),
  p95: quantile(values, 0.95)
})

/** A property, or the path of the page where none is named. */
export const stepValue = (world: World, event: OracleEvent, property?: string): Json =>
  property === undefined
    ? ([
        propertyOf(world, event, "context.page.path"),
        propertyOf(world, event, "path")
      ].find(isPath) ?? null)
    : propertyOf(world, event, property)

const isPath = (value: Json): boolean => typeof value === "string" && value !== ""

const tally = (values: ReadonlyArray<Json>) =>
  [...Map.groupBy(values, (value) => JSON.stringify(value)).values()].map((same) => ({
    value: same[0] ?? null,
    count: same.length
  }))

/** Sessions that start in the range, whole, if the filters let one of their events by. */
export const sessions = (world: World, request: SessionsRequest): SessionsResult => {
  const { from, to } = rangeOf(request)
  const timeout = (request.timeoutSeconds ?? 1800) * 1000
  const { filters = [], breakdown } = request
  const counts = (event: OracleEvent) =>
    filters.every((filter) => matches(world, event, filter))
  const all = sessionsOf(world, from, to, timeout).filter(({ events }) =>
    events.some(counts)
  )
  const group = ({ events }: Session) => {
    const event = events.find(counts)
    return event && breakdown
      ? breakdown.map((property) => propertyOf(world, event, property))
      : null
  }
  const groups = breakdown
    ? Map.groupBy(all, (session) => JSON.stringify(group(session)))
    : new Map([["", all]])
  const buckets = bucketsOf(from, to, request)
  const at = (event: OracleEvent | undefined) =>
    event ? stepValue(world, event, request.property) : null
  return {
    count: all.length,
    people: new Set(all.map((session) => session.person)).size,
    bounceRate: ratio(
      all.filter((session) => session.events.length === 1).length,
      all.length
    ),
    durationsSeconds: spread(all.map(({ start, end }) => (end - start) / 1000)),
    eventsPerSession: spread(all.map(({ events }) => events.length)),
    entry: tally(all.map(({ events }) => at(events[0]))),
    exit: tally(all.map(({ events }) => at(events.at(-1)))),
    buckets,
    series: [...groups.values()].map((mine) => ({
      breakdown: mine[0] ? group(mine[0]) : null,
      data: buckets.map(
        (_, index) =>
          mine.filter(({ start }) => bucketIndex(buckets, start) === index).length
      )
    }))
  }
}
