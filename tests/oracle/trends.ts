import { bucketIndex, bucketsOf } from "./buckets.ts"
import { matches, picked, propertyOf } from "./filters.ts"
import type { Json, OracleEvent, World } from "./Model.ts"
import { measured, sessionStarts, trailing } from "./measures.ts"
import { rangeOf, type Series, type TrendsRequest } from "./requests.ts"

export interface TrendsSeries {
  readonly name: string
  readonly breakdown: ReadonlyArray<Json> | null
  readonly other: boolean
  readonly data: ReadonlyArray<number | null>
}

export interface TrendsPart {
  readonly buckets: ReadonlyArray<number>
  readonly series: ReadonlyArray<TrendsSeries>
}

export interface TrendsResult extends TrendsPart {
  readonly compare?: TrendsPart
}

type Values = Readonly<Record<string, number | null>>

const over = (a: number | null, b: number | null) =>
  a === null || b === null || b === 0 ? null : a / b

const given = (values: Values, name: string) => values[name] ?? null

const both = (values: Values, f: (a: number, b: number) => number | null) => {
  const a = given(values, "A")
  const b = given(values, "B")
  return a === null || b === null ? null : f(a, b)
}

/** The formulas that are asked for, by their text. */
export const formulas: Readonly<Record<string, (values: Values) => number | null>> = {
  "A / B": (values) => over(given(values, "A"), given(values, "B")),
  "(A - B) / (A + B)": (values) => both(values, (a, b) => over(a - b, a + b)),
  "A * 2 + B": (values) => both(values, (a, b) => a * 2 + b)
}

const nameOf = (index: number) => String.fromCharCode(65 + index)

interface Group {
  readonly key: string
  readonly breakdown: ReadonlyArray<Json> | null
  readonly other: boolean
}

const groupsOf = (
  world: World,
  request: TrendsRequest,
  eventsOf: ReadonlyArray<ReadonlyArray<OracleEvent>>
) => {
  const { breakdown = [], breakdownLimit = 25, series } = request
  const label = (event: OracleEvent) =>
    breakdown.map((property) => propertyOf(world, event, property))
  const keyOf = (event: OracleEvent) => JSON.stringify(label(event))
  const groups = new Map<string, Group>()

  for (const event of eventsOf.flat())
    groups.set(keyOf(event), {
      key: keyOf(event),
      breakdown: label(event),
      other: false
    })
  const rank = (group: Group) =>
    measured(
      world,
      series[0] ?? { measure: "total" },
      (eventsOf[0] ?? []).filter((event) => keyOf(event) === group.key)
    ) ?? 0
  const top = [...groups.values()]
    .sort((a, b) => rank(b) - rank(a) || (a.key < b.key ? -1 : 1))
    .slice(0, breakdownLimit)
  const kept = new Set(top.map((group) => group.key))
  const rest: Group = { key: "other", breakdown: null, other: true }
  return {
    groups: groups.size > top.length ? [...top, rest] : top,
    belongs: (event: OracleEvent, group: Group) =>
      group.other ? !kept.has(keyOf(event)) : keyOf(event) === group.key
  }
}

const part = (
  world: World,
  request: TrendsRequest,
  from: number,
  to: number
): TrendsPart => {
  const buckets = bucketsOf(from, to, request)
  const eventsOf = request.series.map((series) =>
    world.events.filter(
      (event) =>
        event.at >= from &&
        event.at < to &&
        picked(world, event, series) &&
        (request.filters ?? []).every((filter) => matches(world, event, filter))
    )
  )
  const dataOf = (series: Series, events: ReadonlyArray<OracleEvent>) =>
    buckets.map((start, index) => {
      if (series.measure.startsWith("active_users_"))
        return trailing(world, request, series, start, to)
      if (series.measure === "sessions")
        return sessionStarts(world, from, to).filter(
          (at) => bucketIndex(buckets, at) === index
        ).length
      return measured(
        world,
        series,
        events.filter((event) => bucketIndex(buckets, event.at) === index)
      )
    })
  const whole: Group = { key: "", breakdown: null, other: false }
  const { groups, belongs } = request.breakdown
    ? groupsOf(world, request, eventsOf)
    : { groups: [whole], belongs: () => true }
  const series = request.series.flatMap((one, index) =>
    groups.map(
      (group): TrendsSeries => ({
        name: nameOf(index),
        breakdown: group.breakdown,
        other: group.other,
        data: dataOf(
          one,
          (eventsOf[index] ?? []).filter((event) => belongs(event, group))
        )
      })
    )
  )
  const formula = request.formula === undefined ? undefined : formulas[request.formula]
  if (formula === undefined) return { buckets, series }
  const computed = groups.map((group, place): TrendsSeries => {
    const mine = series.filter((_, index) => index % groups.length === place)
    return {
      name: "formula",
      breakdown: group.breakdown,
      other: group.other,
      data: buckets.map((_, bucket) =>
        formula(
          Object.fromEntries(mine.map((one) => [one.name, one.data[bucket] ?? null]))
        )
      )
    }
  })
  return { buckets, series: [...series, ...computed] }
}

/** Series of measures per bucket. Instants are milliseconds since 1970. */
export const trends = (world: World, request: TrendsRequest): TrendsResult => {
  const { from, to } = rangeOf(request)
  const result = part(world, request, from, to)
  if (request.compare === undefined) return result
  const before =
    request.compare === "previous_period"
      ? { from: from - (to - from), to: from }
      : rangeOf(request.compare)
  return { ...result, compare: part(world, request, before.from, before.to) }
}
