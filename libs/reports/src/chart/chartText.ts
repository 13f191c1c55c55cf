import type {
  Chart,
  FunnelChart,
  Metric,
  PathsChart,
  RetentionChart,
  SeriesChart
} from "../Chart.ts"
import { metricChange } from "../format/metricChange.ts"
import { numberText } from "../format/numberText.ts"
import type { ChartOptions } from "./ChartOptions.ts"
import { chartLabel } from "./fitText.ts"
import { timeLabels } from "./labels.ts"

type Writing = Pick<ChartOptions, "locale" | "timezone">

const short = (text: string): string => {
  const label = chartLabel(text)
  return label.length > 80 ? `${[...label].slice(0, 79).join("")}…` : label
}

const percent = (value: number | null, { locale }: Writing): string =>
  numberText(value, "percent", undefined, locale)

const count = (value: number | null, { locale }: Writing): string =>
  numberText(value, "integer", undefined, locale)

interface Known {
  readonly at: number
  readonly value: number
}

const knownOf = (data: ReadonlyArray<number | null>): ReadonlyArray<Known> =>
  data.flatMap((value, at) =>
    value === null || !Number.isFinite(value) ? [] : [{ at, value }]
  )

const highest = (known: ReadonlyArray<Known>): Known | undefined =>
  known.reduce<Known | undefined>(
    (most, one) => (most === undefined || one.value > most.value ? one : most),
    undefined
  )

/** At most this many series are told of one by one. */
const told = 4

const overTime = (chart: SeriesChart, writing: Writing): ReadonlyArray<string> => {
  const labels = timeLabels(chart.labels, writing.locale).map(({ full }) => full)
  const write = (value: number) =>
    numberText(value, chart.values.kind, chart.values.unit, writing.locale)
  const ends = chart.openEnd === true ? chart.labels.length - 1 : chart.labels.length
  const main = chart.series.filter(({ role }) => role === undefined)
  const said = (main.length === 0 ? chart.series : main)
    .slice(0, told)
    .flatMap(({ name, data }) => {
      const known = knownOf(data.slice(0, chart.labels.length))
      const whole = known.filter(({ at }) => at < ends)
      const [first, last, peak] = [whole[0], whole.at(-1), highest(known)]
      if (first === undefined || last === undefined || peak === undefined) return []
      const moved =
        first.at === last.at
          ? `is ${write(last.value)} at ${labels[last.at]}`
          : `${
              last.value > first.value
                ? "rose"
                : last.value < first.value
                  ? "fell"
                  : "stayed"
            } from ${write(first.value)} to ${write(last.value)}`
      return [
        `${short(name)} ${moved}; its highest is ${write(peak.value)} at ${labels[peak.at]}.`
      ]
    })
  const from = labels[0] ?? ""
  const to = labels.at(-1) ?? ""
  const clock = chart.labels.some((label) => /\d:\d\d/u.test(label))
  return [
    `${main.length === 1 ? "One series" : `${main.length} series`} from ${from} to ${to}${clock ? `, time zone ${short(writing.timezone)}` : ""}.`,
    ...said,
    ...(chart.openEnd === true ? [`${to} has not ended.`] : []),
    ...(chart.series.some(({ role }) => role === "compare")
      ? ["Compared with the period before."]
      : []),
    ...(chart.series.some(({ role }) => role === "forecast")
      ? ["With a forecast."]
      : [])
  ]
}

const overCategories = (
  chart: SeriesChart,
  writing: Writing
): ReadonlyArray<string> => {
  const write = (value: number) =>
    numberText(value, chart.values.kind, chart.values.unit, writing.locale)
  return [
    `${chart.labels.length} categories.`,
    ...chart.series.slice(0, told).flatMap(({ name, data }) => {
      const sorted = knownOf(data.slice(0, chart.labels.length)).toSorted(
        (a, b) => b.value - a.value
      )
      if (sorted.length === 0) return []
      const top = sorted
        .slice(0, 3)
        .map(({ at, value }) => `${short(chart.labels[at] ?? "")} ${write(value)}`)
      return [`${short(name)}: most is ${top.join(", then ")}.`]
    })
  ]
}

const ofSeries = (chart: SeriesChart, writing: Writing): ReadonlyArray<string> => {
  if (chart.series.every(({ data }) => knownOf(data).length === 0)) return ["No data."]
  const marks = chart.marks ?? []
  const labels = new Map(
    timeLabels(chart.labels, writing.locale).map(({ full }, at) => [
      chart.labels[at],
      full
    ])
  )
  const place = (label: string) => short(labels.get(label) ?? label)
  return [
    ...(chart.axis === "category"
      ? overCategories(chart, writing)
      : overTime(chart, writing)),
    ...marks
      .slice(0, told)
      .map(({ label, text, kind }) =>
        kind === "anomaly"
          ? `Anomaly at ${place(label)}: ${short(text)}.`
          : `Note at ${place(label)}: ${short(text)}.`
      ),
    ...(marks.length > told ? [`${marks.length - told} more notes.`] : [])
  ]
}

const ofFunnel = ({ groups }: FunnelChart, writing: Writing): ReadonlyArray<string> => {
  const lines = groups.slice(0, told).flatMap(({ name, steps }) => {
    const [first, last] = [steps[0], steps.at(-1)]
    if (first === undefined || last === undefined) return []
    const who = name === null ? "" : `${short(name)}: `
    return [
      `${who}${count(first.count, writing)} at ${short(first.name)}; ${count(last.count, writing)} (${percent(last.rateFromFirst, writing)}) reached ${short(last.name)}.`
    ]
  })
  return lines.length === 0
    ? ["No data."]
    : [`${groups[0]?.steps.length ?? 0} steps.`, ...lines]
}

const ofRetention = (
  { cohorts, interval }: RetentionChart,
  writing: Writing
): ReadonlyArray<string> => {
  const average = (period: number): number | null => {
    let [people, back] = [0, 0]
    for (const { size, rates } of cohorts) {
      const rate = rates[period] ?? null
      if (rate === null || size === null || !Number.isFinite(rate * size)) continue
      people += size
      back += size * rate
    }
    return people > 0 ? back / people : null
  }
  const last = cohorts.reduce((most, { rates }) => Math.max(most, rates.length - 1), 0)
  const periods = last > 1 ? [1, last] : last === 1 ? [1] : []
  return cohorts.length === 0
    ? ["No data."]
    : [
        `${cohorts.length} ${cohorts.length === 1 ? "cohort" : "cohorts"}.`,
        ...periods.map(
          (period) =>
            `After ${period} ${short(interval)}${period === 1 ? "" : "s"}, ${percent(average(period), writing)} came back.`
        )
      ]
}

const ofPaths = ({ edges }: PathsChart, writing: Writing): ReadonlyArray<string> => {
  const top = edges
    .filter((edge) => Number.isFinite(edge.count) && edge.count > 0)
    .toSorted((a, b) => b.count - a.count)
  return top.length === 0
    ? ["No data."]
    : [
        `${top.length} ways between steps.`,
        ...top
          .slice(0, 3)
          .map(
            ({ from, to, position, count: people }) =>
              `At step ${position}, ${count(people, writing)} went from ${short(from)} to ${short(to)}.`
          )
      ]
}

const ofMetric = (metric: Metric, writing: Writing): ReadonlyArray<string> => {
  const { kind, unit } = metric.values
  const value = numberText(metric.value, kind, unit, writing.locale)
  const change = metricChange(metric, writing.locale)
  if (change === null) return [metric.value === null ? "No data." : `${value}.`]
  return [`${value}, ${change.text} from ${change.before} (${short(change.label)}).`]
}

/** A sentence or two that say what a chart shows: its trend, its highest and last value. */
export const chartText = (chart: Chart, writing: Writing): string => {
  switch (chart.form) {
    case "funnel":
      return ofFunnel(chart, writing).join(" ")
    case "retention":
      return ofRetention(chart, writing).join(" ")
    case "paths":
      return ofPaths(chart, writing).join(" ")
    case "number":
      return ofMetric(chart, writing).join(" ")
    default:
      return ofSeries(chart, writing).join(" ")
  }
}
