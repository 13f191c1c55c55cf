import type { SeriesChart } from "../Chart.ts"
import { textWidth } from "../fonts/textWidth.ts"
import { shortNumberText } from "../format/numberText.ts"
import type { ChartOptions } from "./ChartOptions.ts"
import {
  type Drawing,
  type RectInk,
  rects,
  rules,
  type TextInk,
  texts
} from "./drawing.ts"
import { chartLabel, fitText, wrapText } from "./fitText.ts"
import { legendOf } from "./legend.ts"
import { notesOf } from "./notes.ts"
import { extentOf, type SeriesData, stackOf } from "./seriesData.ts"
import { legendEntry, lookOf } from "./seriesStyle.ts"
import { chartColors } from "./theme.ts"

/** More rows would be a table; it has all of them. */
const mostRows = 40
/** Pixels: about as high as a page, as wide as it is. */
const highest = 900

/** Upright, so few would be lost in their width, and bare of their numbers. */
const fewRows = 3

/** Whether categories are too few, or their names too long, to stand under upright bars. */
export const sideBarsNeeded = (
  { form, axis, labels }: SeriesChart,
  width: number
): boolean =>
  axis === "category" &&
  (form === "bar" || form === "stacked") &&
  (labels.length <= fewRows ||
    labels.some(
      (label) => textWidth(chartLabel(label), 12) > (width - 80) / labels.length - 8
    ))

interface Row {
  readonly lines: ReadonlyArray<string>
  /** From the top of the plot. */
  readonly y: number
  readonly height: number
}

/** Bars that lie, one row for each category, with its name on the left. */
export const sideBarsDrawing = (
  chart: SeriesChart,
  data: SeriesData,
  options: ChartOptions
): Drawing => {
  const colors = chartColors(options.theme)
  const { width, locale } = options
  const { kind, unit } = chart.values
  const stacked = chart.form === "stacked"
  const named = chart.labels.slice(0, mostRows).map(chartLabel)
  const series = stacked
    ? data.series.filter(({ role }) => role === "main")
    : data.series
  const [least, most] = extentOf(data, stacked) ?? [0, 1]
  const largest = Math.max(-least, most) / data.factor
  // Amounts beside each other are read best alike: without cents where they are large.
  const whole = kind === "currency" && largest >= 1000
  const write = (value: number) => {
    const real = value / data.factor
    return whole && largest < 1_000_000
      ? shortNumberText(Math.round(real), kind, unit, locale, 1_000_000)
      : shortNumberText(real, kind, unit, locale)
  }

  const widest = named.reduce((most, label) => Math.max(most, textWidth(label, 12)), 0)
  const left = Math.min(widest + 1, width * (width < 400 ? 0.27 : 0.36)) + 20
  const thick = series.length > 8 ? 9 : series.length > 3 ? 12 : 16
  let down = 0
  const rows: Array<Row> = []
  for (const label of named) {
    const lines = wrapText(label, left - 20, 12, 2)
    const bars = stacked ? 18 : series.length * thick
    const row = { lines, y: down, height: Math.max(bars, lines.length * 15) }
    if (rows.length > 0 && down + row.height > highest) break
    down += row.height + 12
    rows.push(row)
  }
  const labels = named.slice(0, rows.length)

  const stack = stackOf(series)
  const totals = labels.map((_, at) => {
    const pieces = stack.map((one) => one[at])
    return pieces.reduce((sum, piece) => sum + (piece ? piece.to - piece.from : 0), 0)
  })
  const valueTexts = stacked
    ? totals.map(write)
    : series.flatMap(({ points }) =>
        points
          .slice(0, rows.length)
          .map((value) => (value === null ? "–" : write(value)))
      )
  const [low, high] = [Math.min(0, least), Math.max(0, most)]
  const longest = width * (low < 0 ? 0.2 : 0.3) - 10
  const short = (text: string) => fitText(text, longest, 11)
  const valueRoom =
    10 +
    valueTexts.reduce((room, text) => Math.max(room, textWidth(short(text), 11)), 0)
  const negative = low < 0 ? valueRoom : 0
  const plotWidth = width - left - 8 - valueRoom - negative
  const span = high - low
  const x = (value: number) =>
    negative + (span > 0 ? ((value - low) / span) * plotWidth : 0)

  const bars: Array<RectInk> = []
  const values: Array<TextInk> = []
  const put = (value: number, y: number, text: string) =>
    values.push({
      x: value < 0 ? x(value) - 5 : x(value) + 5,
      y: y + 4,
      text: short(text),
      size: 11,
      align: value < 0 ? "right" : "left",
      color: colors.ink
    })
  for (const [at, row] of rows.entries()) {
    if (stacked) {
      const middle = row.y + row.height / 2
      for (const [index, one] of series.entries()) {
        const piece = stack[index]?.[at]
        if (piece === undefined || piece.from === piece.to) continue
        bars.push({
          x: x(Math.min(piece.from, piece.to)),
          x2: x(Math.max(piece.from, piece.to)),
          y: middle - 9,
          y2: middle + 9,
          fill: lookOf(one, options).fill,
          stroke: colors.surface
        })
      }
      const end = Math.max(0, ...stack.map((one) => one[at]?.to ?? 0))
      put(end, middle, write(totals[at] ?? 0))
      continue
    }
    const first = row.y + (row.height - series.length * thick) / 2
    for (const [index, one] of series.entries()) {
      const value = one.points[at] ?? null
      const y = first + index * thick
      const look = lookOf(one, options)
      if (value !== null)
        bars.push({
          x: x(Math.min(0, value)),
          x2: x(Math.max(0, value)),
          y: y + 1,
          y2: y + thick - 1,
          fill: look.fill,
          stroke: look.fill === look.color ? "none" : look.color
        })
      if (thick >= 12)
        put(value ?? 0, y + thick / 2, value === null ? "–" : write(value))
    }
  }

  const entries = series.map((one) => legendEntry(one, true, options))
  const legend = legendOf(
    entries.length < 2 ? [] : entries,
    { x: 8 - left, y: 0, width: width - 16 },
    colors.ink
  )
  const hidden = chart.labels.length - labels.length
  const notes = [
    ...(hidden > 0
      ? [`The first ${labels.length} of ${chart.labels.length} are drawn.`]
      : []),
    ...(data.hidden > 0
      ? [
          `The first ${series.length} of ${series.length + data.hidden} series are drawn.`
        ]
      : []),
    ...(stacked && series.length < data.series.length
      ? ["What was before is not drawn."]
      : [])
  ]
  const top = 12 + legend.height
  const beneath = notesOf(
    notes,
    { x: 12 - left, y: down, width: width - 24 },
    colors.quiet
  )
  const moved = legendOf(
    entries.length < 2 ? [] : entries,
    { x: 8 - left, y: -legend.height, width: width - 16 },
    colors.ink
  )
  return {
    width,
    height: Math.ceil(top + down + beneath.height + 4),
    left,
    top,
    plotWidth,
    plotHeight: down,
    layers: [
      rects(bars, 1),
      rules([
        { x: x(0), x2: x(0), y: 0, y2: Math.max(0, down - 8), color: colors.axis }
      ]),
      texts(values),
      texts(
        rows.flatMap(({ lines, y, height }) =>
          lines.map((text, line) => ({
            x: -10,
            y: y + height / 2 + 4 + (line - (lines.length - 1) / 2) * 15,
            text,
            color: colors.ink,
            align: "right" as const
          }))
        )
      ),
      ...moved.layers,
      ...beneath.layers
    ]
  }
}
