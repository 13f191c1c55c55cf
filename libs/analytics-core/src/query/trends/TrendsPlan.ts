import { Effect, Result } from "effect"
import { rangeOf, zoneOf } from "../Common.ts"
import type { QueryContext } from "../Compiled.ts"
import type { Filter } from "../Filter.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import { EARLIEST } from "../Sql.ts"
import { SESSION_TIMEOUT } from "../sessionsSql.ts"
import { type TimeBuckets, timeBuckets, wholeRange } from "../TimeBuckets.ts"
import { instantOf, type TimeZone } from "../TimeZone.ts"
import { type Formula, parseFormula } from "./Formula.ts"
import type { Measure, TrendsRequest } from "./TrendsRequest.ts"

/** More numbers than this make no answer. */
export const MAX_CELLS = 10_000

export interface PlannedSeries {
  readonly name: string
  readonly event: string | undefined
  readonly measure: Measure
  readonly property: string | undefined
  /** The request's filters and the series' own. */
  readonly filters: ReadonlyArray<Filter>
}

/** A range and its buckets: the asked one, or the one it is compared with. */
export interface Period {
  readonly from: number
  readonly to: number
  readonly buckets: TimeBuckets
}

/** A trends request with every default filled in and every name resolved. */
export interface TrendsPlan {
  readonly zone: TimeZone
  readonly series: ReadonlyArray<PlannedSeries>
  readonly main: Period
  readonly compare: Period | undefined
  readonly breakdown: ReadonlyArray<string>
  readonly breakdownLimit: number
  readonly formula: { readonly name: string; readonly value: Formula } | undefined
  readonly includeBots: boolean
  readonly sessionTimeoutMs: number
}

export const planTrends = Effect.fnUntraced(function* (
  request: TrendsRequest,
  context: QueryContext
): Effect.fn.Return<TrendsPlan, QueryInvalid> {
  const zone = yield* zoneOf(request, context)
  const range = yield* rangeOf(request, zone, context)
  const main = yield* periodOf(request, zone, range)
  const earlier = yield* comparedRange(request, zone, range)
  const series = yield* seriesOf(request)
  return {
    zone,
    series,
    main,
    compare: earlier && (yield* periodOf(request, zone, earlier)),
    breakdown: request.breakdown ?? [],
    breakdownLimit: request.breakdownLimit ?? 25,
    formula: yield* formulaOf(request, series),
    includeBots: request.includeBots ?? false,
    sessionTimeoutMs: SESSION_TIMEOUT
  }
})

interface Range {
  readonly from: number
  readonly to: number
}

const periodOf = (
  request: TrendsRequest,
  zone: TimeZone,
  { from, to }: Range
): Effect.Effect<Period, QueryInvalid> => {
  const lines = request.series.length + (request.formula === undefined ? 0 : 1)
  const buckets =
    request.interval === "none"
      ? wholeRange(zone, from, to)
      : timeBuckets({
          zone,
          interval: request.interval,
          weekStart: request.weekStart ?? "monday",
          from,
          to,
          limit: Math.floor(MAX_CELLS / lines)
        })
  return buckets
    ? Effect.succeed({ from, to, buckets })
    : Effect.fail(tooManyCells("/interval"))
}

export const tooManyCells = (pointer: string): QueryInvalid =>
  QueryInvalid.at(
    pointer,
    `At most ${MAX_CELLS} buckets × series: ask for a longer interval, a shorter range or a smaller breakdownLimit`
  )

/** The previous period is as long on the wall clock, so that days stay whole days. */
const comparedRange = (
  { compare }: TrendsRequest,
  zone: TimeZone,
  { from, to }: Range
): Effect.Effect<Range | undefined, QueryInvalid> => {
  if (compare === undefined) return Effect.succeed(undefined)
  if (compare === "previous_period") {
    const wallFrom = from + zone.offsetAt(from)
    const wallTo = to + zone.offsetAt(to)
    const start = Math.max(instantOf(zone, 2 * wallFrom - wallTo), EARLIEST)
    return Effect.succeed({ from: Math.min(start, from - 1), to: from })
  }
  const range = { from: Date.parse(compare.from), to: Date.parse(compare.to) }
  return range.from < range.to
    ? Effect.succeed(range)
    : Effect.fail(QueryInvalid.at("/compare/to", "to must lie after from"))
}

const letter = (index: number) => String.fromCharCode(65 + index)

/** A, B … by position; where that name is given to another series, the next free one. */
export const namesOf = ({
  series
}: {
  readonly series: ReadonlyArray<{ readonly name?: string | undefined }>
}): ReadonlyArray<string> => {
  const given = new Set(series.map(({ name }) => name))
  const free = series
    .concat(series)
    .map((_, index) => (index < 26 ? letter(index) : `S${index + 1}`))
    .filter((name) => !given.has(name))
  const reserved = new Set(
    series.flatMap(({ name }, index) => (name === undefined ? [letter(index)] : []))
  )
  const spare = free.filter((name) => !reserved.has(name))
  return series.map(({ name }, index) => {
    if (name !== undefined) return name
    const own = letter(index)
    return given.has(own) ? (spare.shift() ?? own) : own
  })
}

const seriesOf = (
  request: TrendsRequest
): Effect.Effect<ReadonlyArray<PlannedSeries>, QueryInvalid> => {
  const names = namesOf(request)
  const series = request.series.map((asked, index) => ({
    name: asked.name ?? names[index] ?? letter(index),
    event: asked.event,
    measure: asked.measure,
    property: asked.property,
    filters: [...(request.filters ?? []), ...(asked.filters ?? [])]
  }))
  const twice = series.findIndex(
    ({ name }, index) => series.findIndex((other) => other.name === name) < index
  )
  return twice < 0
    ? Effect.succeed(series)
    : Effect.fail(
        QueryInvalid.at(`/series/${twice}/name`, "Another series has this name")
      )
}

const formulaOf = (
  { formula }: TrendsRequest,
  series: ReadonlyArray<PlannedSeries>
): Effect.Effect<TrendsPlan["formula"], QueryInvalid> => {
  if (formula === undefined) return Effect.succeed(undefined)
  const names = series.map(({ name }) => name)
  return Result.match(parseFormula(formula, names), {
    onSuccess: (value) => Effect.succeed({ name: formula, value }),
    onFailure: (detail) => Effect.fail(QueryInvalid.at("/formula", detail))
  })
}
