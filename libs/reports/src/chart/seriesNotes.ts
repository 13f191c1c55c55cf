import type { SeriesChart } from "../Chart.ts"
import type { TimeLabel } from "./labels.ts"
import { mostMarks, type NumberedMark } from "./marks.ts"
import type { SeriesData } from "./seriesData.ts"

/** What is written beneath a chart over time or categories. */
export const seriesNotes = (
  chart: SeriesChart,
  data: SeriesData,
  {
    time,
    numbered,
    cut,
    unit
  }: {
    readonly time: ReadonlyArray<TimeLabel>
    readonly numbered: ReadonlyArray<NumberedMark>
    /** The axis does not begin at 0. */
    readonly cut: boolean
    /** What numbers are in, where their axis does not say. */
    readonly unit: string | undefined
  }
): ReadonlyArray<string> => {
  const marks = numbered.map(({ number, at, label, text, kind }) => {
    const place = (at === undefined ? undefined : time[at]?.full) ?? label
    return `${number}. ${place}${kind === "anomaly" ? " · anomaly" : ""} · ${text}`
  })
  const left = (chart.marks?.length ?? 0) - numbered.length
  const last = time.at(-1)?.full ?? ""
  return [
    ...(unit === undefined ? [] : [`Numbers are in ${unit}.`]),
    ...marks,
    ...(left > 0
      ? [`${left} more marks are not drawn (the first ${mostMarks} are).`]
      : []),
    ...(chart.openEnd === true
      ? [
          chart.form === "bar" || chart.form === "stacked"
            ? `${last} has not ended: its value (drawn fainter) will still change.`
            : `${last} has not ended: its value (dotted) will still change.`
        ]
      : []),
    ...(cut ? ["The axis does not begin at 0."] : []),
    ...(data.hidden > 0
      ? [
          `The first ${data.series.length} of ${data.series.length + data.hidden} series are drawn.`
        ]
      : []),
    ...(chart.labels.length > time.length
      ? [`The first ${time.length} of ${chart.labels.length} labels are drawn.`]
      : [])
  ]
}
