import type { RetentionChart } from "../Chart.ts"
import { textWidth } from "../fonts/textWidth.ts"
import { numberText, shortNumberText } from "../format/numberText.ts"
import type { ChartOptions } from "./ChartOptions.ts"
import { type Drawing, type RectInk, rects, type TextInk, texts } from "./drawing.ts"
import { emptyDrawing } from "./emptyDrawing.ts"
import { chartLabel, fitText } from "./fitText.ts"
import { timeLabels } from "./labels.ts"
import { notesOf } from "./notes.ts"
import { chartColors, inkOn, scaleColor } from "./theme.ts"

/** More rows would be a table; it has all of them. */
const mostCohorts = 40

const finite = (value: number | null | undefined): value is number =>
  typeof value === "number" && Number.isFinite(value)

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** Cohorts from above, periods from the left, darker (or brighter) where more came back. */
export const retentionDrawing = (
  chart: RetentionChart,
  options: ChartOptions
): Drawing => {
  const colors = chartColors(options.theme)
  const { width, locale, theme } = options
  const cohorts = chart.cohorts.slice(0, mostCohorts)
  const periods = cohorts.reduce((most, { rates }) => Math.max(most, rates.length), 0)
  if (periods === 0) return emptyDrawing(options)

  const names = timeLabels(
    cohorts.map(({ label }) => label),
    locale
  ).map(({ short }) => fitText(short, Math.min(170, width * 0.24), 12))
  const sizes = cohorts.map(({ size }) =>
    shortNumberText(size, "integer", undefined, locale)
  )
  const wide = (list: ReadonlyArray<string>, title: string) =>
    Math.max(textWidth(title, 11), ...list.map((text) => textWidth(text, 12)))
  const nameEnd = 12 + wide(names, "Cohort")
  const sizeEnd = nameEnd + 14 + wide(sizes, "Size")
  const left = sizeEnd + 10
  const space = width - left - 12
  const shown = Math.min(periods, Math.max(1, Math.floor(space / 9)))
  const cell = Math.min(72, space / shown)

  const whole = cohorts.map(({ rates }) => rates.slice(0, shown))
  const text = (value: number, places: boolean) =>
    places
      ? numberText(value, "percent", undefined, locale)
      : value > 0 && value < 0.005
        ? "<1"
        : String(Math.round(value * 100))
  /** With `%` where there is room, else whole percents, else colours alone. */
  const percents = cell >= 48
  const numbers = percents || cell >= 18
  const size = percents ? 12 : cell >= 22 ? 11 : 10
  const rowHeight = 24
  const top = 30

  // Period 0 is everybody: it would make all others look alike.
  const later = whole.flatMap((rates) => rates.slice(1)).filter(finite)
  const most = later.reduce((high, value) => Math.max(high, value), 0)
  // Where hardly anybody came back, no cell is as dark as if many had.
  const full = Math.max(most, 0.05)
  const share = (value: number, period: number) =>
    period === 0 ? Math.min(1, value) : Math.min(1, value / full) * 0.92

  const cells: Array<RectInk> = []
  const words: Array<TextInk> = [
    { x: 12, y: 20, text: "Cohort", size: 11, color: colors.quiet },
    { x: sizeEnd, y: 20, text: "Size", size: 11, align: "right", color: colors.quiet }
  ]
  const headEvery = Math.max(
    1,
    Math.ceil((textWidth(String(shown - 1), 11) + 8) / cell)
  )
  for (let period = 0; period < shown; period += headEvery)
    words.push({
      x: left + (period + 0.5) * cell,
      y: 20,
      text: String(period),
      size: 11,
      align: "center",
      color: colors.quiet
    })
  for (const [row, rates] of whole.entries()) {
    const y = top + row * rowHeight
    words.push({ x: 12, y: y + 16, text: names[row] ?? "", color: colors.ink })
    words.push({
      x: sizeEnd,
      y: y + 16,
      text: sizes[row] ?? "",
      align: "right",
      color: colors.quiet
    })
    for (const [period, value] of rates.entries()) {
      const place = {
        x: left + period * cell + 0.75,
        x2: left + (period + 1) * cell - 0.75,
        y: y + 0.75,
        y2: y + rowHeight - 0.75
      }
      if (!finite(value)) {
        cells.push({ ...place, fill: colors.surface, stroke: colors.grid })
        continue
      }
      const fill = scaleColor(theme, share(Math.max(0, value), period))
      cells.push({ ...place, fill })
      if (numbers)
        words.push({
          x: left + (period + 0.5) * cell,
          y: y + 16,
          text: fitText(text(value, percents), cell - 1, size),
          size,
          align: "center",
          color: inkOn(fill)
        })
    }
  }
  const end = top + whole.length * rowHeight
  const scaleWidth = 150
  const legend: Array<RectInk> = numbers
    ? []
    : Array.from({ length: 30 }, (_, at) => ({
        x: 12 + (at * scaleWidth) / 30,
        x2: 12 + ((at + 1) * scaleWidth) / 30 + 0.2,
        y: end + 10,
        y2: end + 20,
        fill: scaleColor(theme, (at / 29) * 0.92)
      }))
  if (!numbers)
    words.push({
      x: 12 + scaleWidth + 8,
      y: end + 19,
      text: fitText(
        `0 – ${numberText(full, "percent", undefined, locale)}`,
        width - scaleWidth - 32,
        11
      ),
      size: 11,
      color: colors.quiet
    })
  const notesTop = end + (numbers ? 2 : 22)
  const notes = notesOf(
    [
      `${capital(chartLabel(chart.interval))}s since the cohort began${numbers && !percents ? "; numbers are percent" : ""}.`,
      ...(periods > shown
        ? [`The first ${shown} of ${periods} ${chartLabel(chart.interval)}s are drawn.`]
        : []),
      ...(chart.cohorts.length > cohorts.length
        ? [`The first ${cohorts.length} of ${chart.cohorts.length} cohorts are drawn.`]
        : [])
    ],
    { x: 12, y: notesTop, width: width - 24 },
    colors.quiet
  )
  const height = Math.ceil(notesTop + notes.height + 8)
  return {
    width,
    height,
    left: 0,
    top: 0,
    plotWidth: width,
    plotHeight: height,
    layers: [rects([...cells, ...legend]), texts(words), ...notes.layers]
  }
}
