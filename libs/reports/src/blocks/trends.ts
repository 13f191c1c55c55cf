import { namedRange } from "@analytics/analytics-core/query/Common"
import { timeZone } from "@analytics/analytics-core/query/TimeZone"
import { namesOf as answerNames } from "@analytics/analytics-core/query/trends/TrendsPlan"
import type {
  TrendLines,
  TrendsResult
} from "@analytics/analytics-core/query/trends/TrendsResult"
import type { Chart, SeriesChart } from "../Chart.ts"
import type { Asked, Values } from "./Asked.ts"
import { bucketEnd, isInterval } from "./bucketEnd.ts"
import { type Drawn, overCategories, overTime } from "./seriesChart.ts"
import { dimensionName, eventName, groupName } from "./valueText.ts"

type Line = TrendLines["series"][number]
type Named = Pick<Line, "breakdown" | "name" | "other">
type Series = SeriesChart["series"][number]

const counts: ReadonlySet<unknown> = new Set([
  "total",
  "unique_users",
  "sessions",
  "active_users_trailing_7d",
  "active_users_trailing_30d"
])

/** What the numbers of a trend are, when nobody said it. */
export const trendValues = ({ request, shown }: Asked): Values => {
  if (shown?.values !== undefined) return shown.values
  const series = Array.isArray(request["series"]) ? request["series"] : []
  const areCounts =
    request["formula"] === undefined &&
    series.every((it: unknown) => counts.has(Reflect.get(Object(it), "measure")))
  return { kind: areCounts ? "integer" : "number" }
}

const measures: Readonly<Record<string, string>> = {
  total: "Events",
  unique_users: "People",
  sessions: "Sessions",
  total_per_user: "Events per person"
}

/** A series that nobody named is called by what it counts. */
const namesOf = ({ request }: Asked, { series }: TrendsResult) => {
  const asked = Array.isArray(request["series"]) ? request["series"] : []
  const answered = answerNames({
    series: asked.map((it: unknown) => {
      const { name } = Object(it)
      return typeof name === "string" ? { name } : {}
    })
  })
  const told = new Map(
    asked.map((it: unknown, index) => {
      const { event, measure, name, property } = Object(it)
      const counted =
        measures[measure] ?? `${measure}${property ? ` of ${property}` : ""}`
      const usual =
        event === undefined ? counted : `${eventName(event)}, ${counted.toLowerCase()}`
      return [answered[index] ?? "", name ?? usual] as const
    })
  )
  const isOne = new Set(series.map(({ name }) => name)).size === 1
  const counted = (line: Named): string => told.get(line.name) ?? line.name
  const nameOf = (line: Named): string => {
    const group = groupName(line, request["breakdown"])
    return group === undefined
      ? counted(line)
      : isOne
        ? group
        : `${counted(line)} · ${group}`
  }
  return { counted, nameOf }
}

type Names = ReturnType<typeof namesOf>

/** Which group of the answer a line is: two may be called the same. */
const groupKey = ({ breakdown, other }: Named): string =>
  JSON.stringify([breakdown, other])

const groupsIn = (lines: ReadonlyArray<Named>): number =>
  new Set(lines.map(groupKey)).size

/**
 * Without the operands of a formula of which somebody said what its numbers are: those of
 * the operands are something else.
 */
const shownLines = ({ request, shown }: Asked, result: TrendsResult): TrendsResult => {
  const { formula } = request
  if (formula === undefined || shown?.values === undefined) return result
  const own = <A extends Named>(lines: ReadonlyArray<A>): ReadonlyArray<A> =>
    lines.filter(({ name }) => name === formula)
  if (own(result.series).length === 0) return result
  const { anomalies, compare, forecast } = result
  return {
    ...result,
    series: own(result.series),
    ...(compare && { compare: { ...compare, series: own(compare.series) } }),
    ...(forecast && { forecast: { ...forecast, series: own(forecast.series) } }),
    ...(anomalies && { anomalies: { ...anomalies, series: own(anomalies.series) } })
  }
}

const single = (result: TrendsResult): boolean => result.buckets.length <= 1

export const drawTrends = (asked: Asked, answer: TrendsResult): Drawn => {
  const result = shownLines(asked, answer)
  const values = trendValues(asked)
  const names = namesOf(asked, result)
  const { nameOf } = names
  // Of several groups there is no one number.
  const isOne = groupsIn(result.series) <= 1
  if ((asked.shown?.form === "number" && isOne) || isNumber(asked, result)) {
    const chart = trendMetric(asked, result)
    return { chart, whole: chart }
  }
  if (single(result)) return categories(asked, result, values, names)
  const compare = result.compare?.series ?? []
  const length = result.labels.length
  const series: ReadonlyArray<Series> = [
    ...result.series.map((line) => ({ name: nameOf(line), data: line.data })),
    ...compare.map((line) => ({
      name: nameOf(line),
      data: padded(line.data, length),
      role: "compare" as const
    }))
  ]
  const marks = (result.anomalies?.series ?? []).flatMap((line) =>
    line.points.map(({ kind, label }) => ({
      label,
      text: `${nameOf(line)}: unusually ${kind === "missing" ? "missing" : kind}`,
      kind: "anomaly" as const
    }))
  )
  const { buckets, labels, lines } = foretold(result, series, nameOf)
  return overTime(asked, { buckets, labels, series: lines, marks }, values, "line")
}

/** As many as there are labels: the period before may have a bucket more or less. */
const padded = (data: Series["data"], length: number): Series["data"] =>
  Array.from({ length }, (_, index) => data[index] ?? null)

/** With what is foretold after what was counted. */
const foretold = (
  { buckets, forecast, labels }: TrendsResult,
  series: ReadonlyArray<Series>,
  nameOf: (line: Named) => string
) => {
  if (forecast === undefined) return { buckets, labels, lines: series }
  const first = forecast.labels[0]
  const from = first === undefined ? labels.length : labels.indexOf(first)
  const shared = from < 0 ? labels.length : from
  const allLabels = [...labels.slice(0, shared), ...forecast.labels]
  const allBuckets = [...buckets.slice(0, shared), ...forecast.buckets]
  const length = allLabels.length
  const moved = (data: ReadonlyArray<number>) =>
    padded([...Array<null>(shared).fill(null), ...data], length)
  return {
    buckets: allBuckets,
    labels: allLabels,
    lines: [
      ...series.map((line) => ({ ...line, data: padded(line.data, length) })),
      ...forecast.series
        .filter(({ data }) => data.length > 0)
        .map((line) => ({
          name: nameOf(line),
          data: moved(line.data),
          lower: moved(line.lower),
          upper: moved(line.upper),
          role: "forecast" as const
        }))
    ]
  }
}

/** One bucket: what would be lines are bars beside each other. */
const categories = (
  { request }: Asked,
  result: TrendsResult,
  values: Values,
  { counted, nameOf }: Names
): Drawn => {
  const names = new Map(result.series.map((line) => [line.name, counted(line)]))
  const grouped = (line: Line) => groupName(line, request["breakdown"])
  const groups = [
    ...new Map(result.series.map((line) => [groupKey(line), grouped(line)]))
  ]
  const numberOf = (lines: ReadonlyArray<Line>, name: string, key: string) =>
    lines.find((line) => line.name === name && groupKey(line) === key)?.data[0] ?? null
  const before = result.compare?.series
  if (groups.length === 1 && groups[0]?.[1] === undefined) {
    const data = (lines: ReadonlyArray<Line>) =>
      result.series.map((line) => numberOf(lines, line.name, groupKey(line)))
    return overCategories(
      result.series.map(nameOf),
      [
        { name: "Value", data: data(result.series) },
        ...(before
          ? [{ name: "Value", data: data(before), role: "compare" as const }]
          : [])
      ],
      values
    )
  }
  const lines = (of: ReadonlyArray<Line>): ReadonlyArray<Series> =>
    [...names].map(([name, title]) => ({
      name: title,
      data: groups.map(([key]) => numberOf(of, name, key))
    }))
  return overCategories(
    groups.map(([, label]) => label ?? "All"),
    [
      ...lines(result.series),
      ...(before === undefined ? [] : lines(before)).map((line) => ({
        ...line,
        role: "compare" as const
      }))
    ],
    values,
    dimensionName(request["breakdown"])
  )
}

const isNumber = (asked: Asked, result: TrendsResult): boolean =>
  asked.shown?.form === undefined &&
  asked.request["interval"] === "none" &&
  result.series.length === 1

/** The line that a number is about: a formula's, which comes last, or the first. */
const mainLine = ({ request }: Asked, series: ReadonlyArray<Line>): Line | undefined =>
  request["formula"] === undefined ? series[0] : series.at(-1)

/** Where what was asked about ends, as far as the query says it. Epoch milliseconds. */
const rangeEnd = ({ answer, request, timezone }: Asked): number => {
  const { range, to, weekStart } = request
  if (typeof to === "string") return Date.parse(to)
  const zone = timeZone(timezone)
  if (typeof range !== "string" || zone === undefined) return Infinity
  const week = weekStart === "sunday" ? "sunday" : "monday"
  return namedRange(range, zone, week, { now: Date.parse(answer.asOf) }).to
}

/** One number: of one bucket itself, else the last bucket that is over. */
export const trendMetric = (asked: Asked, result: TrendsResult): Chart => {
  const data = mainLine(asked, result.series)?.data ?? []
  const before = mainLine(asked, result.compare?.series ?? [])?.data
  const { interval } = asked.request
  const asOf = Date.parse(asked.answer.asOf)
  const to = rangeEnd(asked)
  const over = result.buckets.filter((bucket) => {
    if (!isInterval(interval)) return true
    const start = Date.parse(bucket)
    const end = bucketEnd(start, interval, asked.timezone)
    return end <= asOf && !(start < to && to < end)
  }).length
  const at = Math.max(0, over - 1)
  return {
    form: "number",
    values: trendValues(asked),
    value: data[at] ?? null,
    ...(before === undefined
      ? {}
      : { compare: { value: before[at] ?? null, label: "previous period" } }),
    ...(asked.shown?.better === undefined ? {} : { better: asked.shown.better }),
    ...(data.length > 1 ? { sparkline: data.slice(0, at + 1) } : {})
  }
}
