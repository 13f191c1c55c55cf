import { Predicate } from "effect"

type Json = unknown

/** One line of a table. Its values are JSON: objects and arrays may be among them. */
export type TableRow = { readonly [column: string]: Json }

/** A result as a table: the columns in order, and the rows that name them. */
export interface Tabular {
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<TableRow>
}

/** The result of a query, as it is sent, as one long table. Undefined for kinds without one. */
export const tabular = (kind: string, result: Json): Tabular | undefined =>
  Object.hasOwn(tables, kind) ? tables[kind]?.(result) : undefined

const member = (node: Json, name: string): Json =>
  Predicate.hasProperty(node, name) ? node[name] : undefined

const list = (node: Json, name: string): ReadonlyArray<Json> => {
  const found = member(node, name)
  return Array.isArray(found) ? found : []
}

const record = (node: Json): TableRow => (Predicate.isObject(node) ? { ...node } : {})

const pick = (node: Json, columns: ReadonlyArray<string>): TableRow =>
  Object.fromEntries(columns.map((column) => [column, member(node, column) ?? null]))

/** An array of objects that have these members. */
const records =
  (name: string, columns: ReadonlyArray<string>) =>
  (result: Json): Tabular => ({
    columns,
    rows: list(result, name).map((item) => pick(item, columns))
  })

const lines = (
  result: Json,
  period: string,
  numbers = "data"
): ReadonlyArray<TableRow> => {
  const labels = list(result, "labels")
  const buckets = list(result, "buckets")
  return list(result, "series").flatMap((series) =>
    list(series, numbers).map((value, index) => ({
      period,
      bucket: buckets[index] ?? null,
      label: labels[index] ?? null,
      ...pick(series, ["name", "breakdown", "other"]),
      value
    }))
  )
}

const forecastNumbers = [
  ["forecast", "data"],
  ["forecast_lower", "lower"],
  ["forecast_upper", "upper"]
] as const

/**
 * One row per bucket and series, those of the compared period after the others, then what
 * is forecast and its bounds. What is unusual is in the JSON alone.
 */
const trends = (result: Json): Tabular => ({
  columns: ["period", "bucket", "label", "name", "breakdown", "other", "value"],
  rows: [
    ...lines(result, "current"),
    ...lines(member(result, "compare"), "compare"),
    ...forecastNumbers.flatMap(([period, numbers]) =>
      lines(member(result, "forecast"), period, numbers)
    )
  ]
})

const stepColumns = [
  "event",
  "count",
  "rateFromPrevious",
  "rateFromFirst",
  "meanSeconds",
  "medianSeconds"
]

const funnel = (result: Json): Tabular => ({
  columns: ["breakdown", "step", ...stepColumns],
  rows: list(result, "groups").flatMap((group) =>
    list(group, "steps").map((step, index) => ({
      breakdown: member(group, "breakdown") ?? null,
      step: index + 1,
      ...pick(step, stepColumns)
    }))
  )
})

const retention = (result: Json): Tabular => ({
  columns: ["start", "size", "period", "count", "rate"],
  rows: list(result, "cohorts").flatMap((cohort) => {
    const rates = list(cohort, "rates")
    return list(cohort, "counts").map((count, period) => ({
      ...pick(cohort, ["start", "size"]),
      period,
      count,
      rate: rates[period] ?? null
    }))
  })
})

const states = ["new", "returning", "resurrecting", "dormant"]

const lifecycle = (result: Json): Tabular => {
  const labels = list(result, "labels")
  return {
    columns: ["bucket", "label", ...states],
    rows: list(result, "buckets").map((bucket, index) => ({
      bucket,
      label: labels[index] ?? null,
      ...Object.fromEntries(
        states.map((state) => [state, list(result, state)[index] ?? null])
      )
    }))
  }
}

const sessionColumns = [
  "personId",
  "start",
  "end",
  "durationSeconds",
  "events",
  "entry",
  "exit"
]

/** The sessions themselves when they were asked for, else how many there were. */
const sessions = (result: Json): Tabular => {
  if (member(result, "sessions") !== undefined)
    return records("sessions", sessionColumns)(result)
  return {
    columns: ["bucket", "label", "breakdown", "value"],
    rows: lines(result, "current").map(({ bucket, breakdown, label, value }) => ({
      bucket,
      label,
      breakdown,
      value
    }))
  }
}

const written = (result: Json): Tabular => {
  const columns = list(result, "columns").map((column) =>
    String(member(column, "name"))
  )
  return {
    columns,
    rows: list(result, "rows").map((row) =>
      Object.fromEntries(
        columns.map((name, index) => [name, Array.isArray(row) ? row[index] : null])
      )
    )
  }
}

const tables: Readonly<Record<string, (result: Json) => Tabular>> = {
  trends,
  funnel,
  retention,
  lifecycle,
  sessions,
  stickiness: records("counts", ["buckets", "people"]),
  paths: records("edges", ["from", "to", "position", "count"]),
  people: records("people", ["personId", "ids", "traits", "firstSeen", "lastSeen"]),
  events: records("events", [
    "messageId",
    "event",
    "type",
    "timestamp",
    "receivedAt",
    "userId",
    "anonymousId",
    "personId",
    "properties",
    "context"
  ]),
  sql: written
}

/** Where the next page of a result begins. */
export const nextCursorOf = (result: Json): string | undefined => {
  const { nextCursor } = record(result)
  return Predicate.isString(nextCursor) ? nextCursor : undefined
}
