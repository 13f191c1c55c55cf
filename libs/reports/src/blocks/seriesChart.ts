import type { Chart, SeriesChart } from "../Chart.ts"
import type { Asked, Note, Values } from "./Asked.ts"
import { bucketEnd, isInterval } from "./bucketEnd.ts"

type Series = SeriesChart["series"][number]
type Mark = NonNullable<SeriesChart["marks"]>[number]

/** Lines that can be told apart. */
const MOST_LINES = 8

/** What a kind of query says over time. */
export interface OverTime {
  readonly buckets: ReadonlyArray<string>
  readonly labels: ReadonlyArray<string>
  readonly series: ReadonlyArray<Series>
  readonly marks?: ReadonlyArray<Mark>
}

/** The chart, and the same with every line when not all are drawn. */
export interface Drawn {
  readonly chart: Chart
  readonly whole: Chart
  /** What a reader of the drawing must know. */
  readonly remark?: string
}

const forms = ["line", "area", "bar", "stacked"] as const
type Form = (typeof forms)[number]

export const seriesForm = (asked: Asked, usual: Form): Form =>
  forms.find((form) => form === asked.shown?.form) ?? usual

const sum = (data: Series["data"]): number =>
  data.reduce<number>((total, value) => total + Math.abs(value ?? 0), 0)

/** The largest lines, in the order of the answer, with what belongs to them. */
const largest = (series: ReadonlyArray<Series>): ReadonlyArray<Series> => {
  const counted = series.filter(({ role }) => role === undefined)
  if (counted.length <= MOST_LINES) return series
  const names = new Set(
    [...counted]
      .sort((one, other) => sum(other.data) - sum(one.data))
      .slice(0, MOST_LINES)
      .map(({ name }) => name)
  )
  return series.filter(({ name }) => names.has(name))
}

const noteMarks = (
  notes: ReadonlyArray<Note>,
  { buckets, labels }: Pick<OverTime, "buckets" | "labels">,
  endOf: (start: number) => number
): ReadonlyArray<Mark> =>
  notes.flatMap(({ at, text, until }) => {
    const from = Date.parse(at)
    const to = Math.max(from + 1, Date.parse(until ?? at))
    const index = buckets.findIndex((bucket) => {
      const start = Date.parse(bucket)
      return from < endOf(start) && to > start
    })
    const label = labels[index]
    return label === undefined ? [] : [{ label, text, kind: "annotation" as const }]
  })

/** Draws lines over time, without what has not begun yet. */
export const overTime = (
  asked: Asked,
  over: OverTime,
  values: Values,
  usual: Form
): Drawn => {
  const { interval } = asked.request
  const asOf = Date.parse(asked.answer.asOf)
  const endOf = (start: number) =>
    isInterval(interval) ? bucketEnd(start, interval, asked.timezone) : start
  const begun = over.buckets.filter((bucket) => Date.parse(bucket) < asOf).length
  const isForecast = over.series.some(({ role }) => role === "forecast")
  const length = isForecast ? over.labels.length : Math.max(begun, 1)
  const last = over.buckets[begun - 1]
  const isOpen = last !== undefined && endOf(Date.parse(last)) > asOf
  // A forecast goes on behind the bucket that has not ended.
  const isOpenEnd = isOpen && begun === length
  const cut = <A>(all: ReadonlyArray<A>) => all.slice(0, length)
  const series = over.series.map((line) => ({
    ...line,
    data: cut(line.data),
    ...(line.lower === undefined ? {} : { lower: cut(line.lower) }),
    ...(line.upper === undefined ? {} : { upper: cut(line.upper) })
  }))
  const labels = cut(over.labels)
  const marks = [
    ...(over.marks ?? []),
    ...noteMarks(asked.notes ?? [], { buckets: cut(over.buckets), labels }, endOf)
  ].filter(({ label }) => labels.includes(label))
  const whole: SeriesChart = {
    form: seriesForm(asked, usual),
    axis: "time",
    labels,
    values,
    series,
    ...(marks.length > 0 ? { marks } : {}),
    ...(isOpenEnd ? { openEnd: true } : {})
  }
  const drawn = largest(series)
  const remarks = [
    ...(isOpen && !isOpenEnd
      ? [`${labels[begun - 1]} has not ended: its value will still change.`]
      : []),
    ...(drawn.length < series.length
      ? [`The ${MOST_LINES} largest of ${lines(series)} groups are drawn.`]
      : [])
  ]
  return {
    chart: drawn.length < series.length ? { ...whole, series: drawn } : whole,
    whole,
    ...(remarks.length === 0 ? {} : { remark: remarks.join(" ") })
  }
}

const lines = (series: ReadonlyArray<Series>): number =>
  series.filter(({ role }) => role === undefined).length

/** Bars that a reader can still compare. */
const MOST_BARS = 20

/** One number for each category, for each of the names. */
export const overCategories = (
  labels: ReadonlyArray<string>,
  series: ReadonlyArray<Series>,
  values: Values,
  category?: string
): Drawn => {
  const whole: SeriesChart = {
    form: "bar",
    axis: "category",
    ...(category === undefined ? {} : { category }),
    labels,
    values,
    series
  }
  if (labels.length <= MOST_BARS) return { chart: whole, whole }
  const cut = <A>(all: ReadonlyArray<A>) => all.slice(0, MOST_BARS)
  return {
    chart: {
      ...whole,
      labels: cut(labels),
      series: series.map((line) => ({ ...line, data: cut(line.data) }))
    },
    whole,
    remark: `The first ${MOST_BARS} of ${labels.length} are drawn.`
  }
}
