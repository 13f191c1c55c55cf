import { Option, Predicate, Schema } from "effect"
import type { AlertDefinition, SeriesName } from "./AlertDefinition.ts"
import { AlertInvalid } from "./AlertProblems.ts"
import type { ValueOfBucket } from "./judge.ts"

type Query = Readonly<Record<string, unknown>>

/** Kinds whose answers are lines over buckets of time. */
const kinds = ["trends", "sessions", "lifecycle"] as const

/** Fields that say what is asked about when, or what else the answer should have. */
const ofTheMoment = [
  "range",
  "from",
  "to",
  "asOf",
  "compare",
  "forecast",
  "anomalies",
  "list",
  "limit",
  "cursor"
]

/** Lines of an answer that could be the one meant; the others only make it too large. */
const MOST_GROUPS = 3

/** An alert's query over `[from, to)`, or why there is none. */
export const queryOf = (
  alert: AlertDefinition,
  asked: Query,
  from: number,
  to: number
): Query | AlertInvalid => {
  const kind = asked["kind"]
  if (!kinds.some((known) => known === kind))
    return AlertInvalid.at(
      pointerOf(alert, "/kind"),
      `Alerts watch a line over time: a query of the kind ${kinds.join(", ")}, or the conversion of a funnel`
    )
  const query = Object.fromEntries(
    Object.entries(asked).filter(([field]) => !ofTheMoment.includes(field))
  )
  return {
    ...narrowedTo(alert.series, query),
    interval: alert.interval,
    timezone: alert.timezone,
    weekStart: alert.weekStart,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString()
  }
}

const pointerOf = (alert: AlertDefinition, rest: string) =>
  alert.query === null ? "/insightId" : `/query${rest}`

/** Asks about the group alone: which groups are the largest depends on the range. */
const narrowedTo = (series: SeriesName | null, query: Query): Query => {
  const properties = query["breakdown"]
  const values = series?.breakdown
  if (!Array.isArray(properties) || values === undefined) return query
  const own = values.flatMap((value, index) => {
    const property: unknown = properties[index]
    if (value === null) return [{ property, op: "is_not_set" }]
    return typeof value === "object" ? [] : [{ property, op: "is", value }]
  })
  const filters = query["filters"]
  const all =
    filters === undefined
      ? own
      : { and: [...(Array.isArray(filters) ? filters : [filters]), ...own] }
  return {
    ...query,
    filters: all,
    ...(query["kind"] === "trends" ? { breakdownLimit: MOST_GROUPS } : {})
  }
}

const Data = Schema.Array(Schema.NullOr(Schema.Finite))
const Lines = Schema.Struct({
  buckets: Schema.Array(Schema.String),
  series: Schema.Array(
    Schema.Struct({
      name: Schema.optionalKey(Schema.String),
      breakdown: Schema.NullOr(Schema.Array(Schema.Unknown)),
      other: Schema.optionalKey(Schema.Boolean),
      data: Data
    })
  )
})
const Lifecycle = Schema.Struct({
  buckets: Schema.Array(Schema.String),
  new: Data,
  returning: Data,
  resurrecting: Data,
  dormant: Data
})
const linesIn = Schema.decodeUnknownOption(Lines)
const lifecycleIn = Schema.decodeUnknownOption(Lifecycle)

interface Line {
  readonly name: string | undefined
  readonly breakdown: ReadonlyArray<unknown> | null
  readonly data: ReadonlyArray<number | null>
}

/** The watched line of an answer, or why it is not in there. */
export const seriesOf = (
  alert: AlertDefinition,
  query: Query,
  result: unknown
): ReadonlyArray<ValueOfBucket> | AlertInvalid => {
  const found = answered(result)
  if (found === undefined)
    return AlertInvalid.at(pointerOf(alert, ""), "Its answer has no buckets of time")
  const { buckets, lines } = found
  const line = chosen(alert.series, query, lines)
  if (line === undefined) {
    const names = lines.map(({ breakdown, name = "" }) =>
      breakdown === null ? `"${name}"` : `"${name}" ${JSON.stringify(breakdown)}`
    )
    const nothing = valueOfNothing(alert.series, query)
    // A group without an event is not in the answer.
    if (alert.series?.breakdown !== undefined && nothing !== undefined)
      return buckets.map((bucket) => ({ start: Date.parse(bucket), value: nothing }))
    return AlertInvalid.at(
      "/series",
      `Name one of the lines there are: ${names.slice(0, 10).join(", ") || "none"}`
    )
  }
  return buckets.map((bucket, index) => ({
    start: Date.parse(bucket),
    value: line.data[index] ?? null
  }))
}

const answered = (
  result: unknown
): { buckets: ReadonlyArray<string>; lines: ReadonlyArray<Line> } | undefined => {
  const lines = Option.getOrUndefined(linesIn(result))
  if (lines !== undefined)
    return {
      buckets: lines.buckets,
      lines: lines.series.flatMap(({ breakdown, data, name, other }) =>
        other === true ? [] : [{ name, breakdown, data }]
      )
    }
  const people = Option.getOrUndefined(lifecycleIn(result))
  if (people === undefined) return undefined
  const names = ["new", "returning", "resurrecting", "dormant"] as const
  return {
    buckets: people.buckets,
    lines: names.map((name) => ({ name, breakdown: null, data: people[name] }))
  }
}

const chosen = (
  series: SeriesName | null,
  query: Query,
  lines: ReadonlyArray<Line>
): Line | undefined => {
  const { breakdown, name } = series ?? {}
  const wanted = breakdown === undefined ? null : JSON.stringify(breakdown)
  const fitting = lines.filter(
    (line) =>
      (name === undefined || line.name === name) &&
      (line.breakdown === null ? null : JSON.stringify(line.breakdown)) === wanted
  )
  // A formula's lines come last.
  return name === undefined && query["formula"] !== undefined
    ? fitting.at(-1)
    : fitting[0]
}

/** Of a line that is not there because nothing happened; undefined: there is none such. */
const valueOfNothing = (
  series: SeriesName | null,
  query: Query
): number | null | undefined => {
  if (query["kind"] !== "trends") return 0
  const all: ReadonlyArray<unknown> = Array.isArray(query["series"])
    ? query["series"]
    : []
  const index = all.findIndex(
    (one, position) =>
      series?.name === undefined || nameOf(one, position) === series.name
  )
  if (query["formula"] !== undefined && (series?.name === undefined || index < 0))
    return null
  const one = all[index]
  if (!Predicate.hasProperty(one, "measure")) return undefined
  return nullOfNothing.has(String(one.measure)) ? null : 0
}

const nameOf = (series: unknown, position: number): unknown =>
  Predicate.hasProperty(series, "name")
    ? series.name
    : String.fromCharCode(65 + position)

/** Measures that have no value where there is nothing to count. */
const nullOfNothing = new Set([
  "avg",
  "min",
  "max",
  "median",
  "p75",
  "p90",
  "p95",
  "p99",
  "total_per_user"
])
