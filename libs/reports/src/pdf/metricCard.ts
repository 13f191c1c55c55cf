import type { Metric } from "../Chart.ts"
import { between } from "../format/between.ts"
import { metricChange } from "../format/metricChange.ts"
import { noValue, numberText } from "../format/numberText.ts"
import type { MetricCard } from "./PdfModel.ts"
import { textWidth } from "./pdfFonts.ts"
import { breakLongWords, isRightToLeft, showable } from "./showable.ts"

type Point = readonly [number, number]

const lines = (
  values: ReadonlyArray<number | null>
): ReadonlyArray<ReadonlyArray<Point>> => {
  const known = values.filter((value) => value !== null && Number.isFinite(value))
  const numbers = known.map(Number)
  const low = numbers.reduce((least, value) => Math.min(least, value), Infinity)
  const high = numbers.reduce((most, value) => Math.max(most, value), -Infinity)
  const made: Array<Array<Point>> = []
  let open: Array<Point> = []
  for (const [index, value] of values.entries()) {
    if (value === null || !Number.isFinite(value)) {
      if (open.length > 1) made.push(open)
      open = []
      continue
    }
    open.push([index / Math.max(1, values.length - 1), between(value, low, high)])
  }
  return open.length > 1 ? [...made, open] : made
}

/** A metric as a card of `width` points. */
export const metricCard = (
  title: string,
  metric: Metric,
  locale: string,
  width: number
): MetricCard => {
  const { kind, unit } = metric.values
  const value =
    metric.value === null
      ? noValue
      : showable(numberText(metric.value, kind, unit, locale), 60)
  const change = metricChange(metric, locale)
  const inner = width - 22
  const label = showable(title, 200)
  return {
    title: breakLongWords(label, inner / 8),
    rtl: isRightToLeft(label),
    value,
    size: Math.max(9, Math.min(20, inner / (textWidth(value) * 1.1))),
    change:
      change === null
        ? null
        : {
            tone: change.good === null ? "neutral" : change.good ? "good" : "bad",
            text: showable(change.text),
            rest: breakLongWords(
              showable(
                ` from ${change.before}${change.label === "" ? "" : `, ${change.label}`}`
              ),
              inner / 8
            )
          },
    sparkline: lines((metric.sparkline ?? []).slice(-400))
  }
}
