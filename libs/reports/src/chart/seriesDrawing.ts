import type { SeriesChart } from "../Chart.ts"
import { textWidth } from "../fonts/textWidth.ts"
import { numberText, shortNumberText } from "../format/numberText.ts"
import type { ChartOptions } from "./ChartOptions.ts"
import { type Drawing, type Layer, rules, texts } from "./drawing.ts"
import { emptyDrawing } from "./emptyDrawing.ts"
import { endLabelLayers, endLabelRoom } from "./endLabels.ts"
import { chartLabel, fitText } from "./fitText.ts"
import { spacedLabels, timeLabels } from "./labels.ts"
import { legendOf } from "./legend.ts"
import { badgesOf, markLayers, numberedMarks } from "./marks.ts"
import { notesOf } from "./notes.ts"
import { extentOf, type SeriesData, seriesData } from "./seriesData.ts"
import {
  barLayers,
  lineLayers,
  type Plot,
  stackLayers,
  tooThin
} from "./seriesLayers.ts"
import { seriesNotes } from "./seriesNotes.ts"
import { legendEntry } from "./seriesStyle.ts"
import { sideBarsDrawing, sideBarsNeeded } from "./sideBars.ts"
import { chartColors } from "./theme.ts"
import { type Ticks, ticksOf } from "./ticks.ts"

/** Labels of an axis of numbers, each different from the others, without a long unit. */
const tickTexts = (
  { values }: Ticks,
  { values: { kind, unit } }: SeriesChart,
  factor: number,
  { locale, width }: ChartOptions
): { readonly labels: ReadonlyArray<string>; readonly unit: string | undefined } => {
  const sizes = values.map((value) => Math.abs(value / factor)).filter((one) => one > 0)
  // Beside `8,000`, `10K` would be another way to write.
  const mixed = Math.min(...sizes) < 10_000 && Math.max(...sizes) < 100_000
  const tick = (value: number, shown: string | undefined) =>
    shortNumberText(value, kind, shown, locale, mixed ? 100_000 : 10_000)
  const full = (value: number, shown: string | undefined) =>
    numberText(value, kind, shown, locale)
  const written = (text: typeof tick, shown: string | undefined) =>
    values.map((value) => {
      const real = value / factor
      return Number.isFinite(real) ? text(real, shown) : ""
    })
  const distinct = (shown: string | undefined) => {
    const short = written(tick, shown)
    return new Set(short).size === short.length ? short : written(full, shown)
  }
  const wide = (text: string) => textWidth(text, 12) > Math.min(96, width * 0.24)
  const labels = distinct(unit)
  if (unit === undefined || !labels.some(wide)) return { labels, unit: undefined }
  return { labels: distinct(undefined), unit: chartLabel(unit) }
}

/** Where the axis begins: at 0, but for lines far from it, whose changes would be lost. */
const rangeOf = (
  chart: SeriesChart,
  data: SeriesData
): { readonly low: number; readonly high: number } | undefined => {
  const extent = extentOf(data, chart.form === "stacked")
  if (extent === undefined) return undefined
  const [low, high] = extent
  const far = chart.form === "line" && (low > high * 0.8 || high < low * 0.8)
  return far && low * high > 0 && high - low > Math.abs(high) * 1e-6
    ? { low, high }
    : { low: Math.min(0, low), high: Math.max(0, high) }
}

const layersOf = (
  chart: SeriesChart,
  data: SeriesData,
  plot: Plot,
  options: ChartOptions
): ReadonlyArray<Layer> => {
  switch (chart.form) {
    case "bar":
      return barLayers(data.series, plot, options)
    case "stacked":
      return stackLayers(data.series, plot, options, chart.axis === "time")
    default:
      return lineLayers(data.series, plot, options, chart.form === "area")
  }
}

/** Most labels that are drawn: as many as there are pixels in the widest picture. */
const mostLabels = 2000

/** Lines, areas and bars over time, and over categories whose names fit beneath. */
export const seriesDrawing = (given: SeriesChart, options: ChartOptions): Drawing => {
  const chart: SeriesChart = tooThin(given, options.width - 80)
    ? { ...given, form: "line" }
    : given
  const colors = chartColors(options.theme)
  const { width } = options
  const labels = chart.labels.slice(0, mostLabels)
  const count = labels.length
  const data = seriesData(chart, count)
  const range = rangeOf(chart, data)
  if (range === undefined || count === 0) return emptyDrawing(options)
  if (sideBarsNeeded(chart, width)) return sideBarsDrawing(chart, data, options)

  const filled = chart.form === "bar" || chart.form === "stacked"
  const overlaid = (role: string) => chart.form === "stacked" && role !== "main"
  const entries = data.series.map((series) =>
    legendEntry(series, filled && !overlaid(series.role), options)
  )
  const numbered = numberedMarks(chart)
  const time = timeLabels(labels, options.locale)
  const wish = Math.round(Math.min(280, Math.max(150, width * 0.34)))
  const ticks = ticksOf(range.low, range.high, wish > 220 ? 5 : 4, chart.values.kind)
  const { labels: written, unit } = tickTexts(ticks, chart, data.factor, options)
  const tickLabels = written.map((text) => fitText(text, width * 0.36, 12))
  const said = seriesNotes(chart, data, {
    time,
    numbered,
    cut: range.low > 0 || range.high < 0,
    unit
  })
  const notes = notesOf(said, { x: 0, y: 0, width: width - 24 }, colors.quiet)
  const left =
    16 + tickLabels.reduce((most, text) => Math.max(most, textWidth(text, 12)), 0)
  const room = filled
    ? undefined
    : endLabelRoom(
        entries.map(({ name }) => name),
        width,
        wish
      )
  const right = room ?? 16
  const plotWidth = width - left - right
  const onEdge = !filled && count > 1
  const apart = onEdge ? plotWidth / (count - 1) : plotWidth / count
  const x = (at: number) => (onEdge ? at * apart : (at + 0.5) * apart)

  const legendAt = (y: number) =>
    legendOf(
      entries.length < 2 || room !== undefined ? [] : entries,
      { x: 8 - left, y, width: width - 16 },
      colors.ink
    )
  const badges = badgesOf(numbered, x)
  const head = legendAt(0).height + badges.height
  const top = 12 + head
  const below = 28 + notes.height + 8
  const plotHeight = Math.max(60, (options.height ?? top + wish + below) - top - below)
  const y = (value: number) =>
    plotHeight * (1 - (value - ticks.low) / (ticks.high - ticks.low))
  const plot: Plot = {
    scales: { x, y, apart },
    count,
    openEnd: chart.openEnd === true,
    base: Math.min(ticks.high, Math.max(ticks.low, 0))
  }
  const beneath = notesOf(
    said,
    { x: 12 - left, y: plotHeight + 24, width: width - 24 },
    colors.quiet
  )
  return {
    width,
    height: Math.ceil(top + plotHeight + below),
    left,
    top,
    plotWidth,
    plotHeight,
    layers: [
      rules(
        ticks.values.map((value) => ({
          x: 0,
          x2: plotWidth,
          y: y(value),
          y2: y(value),
          color: value === plot.base ? colors.axis : colors.grid
        }))
      ),
      texts(
        ticks.values.map((value, at) => ({
          x: -8,
          y: y(value) + 4,
          text: tickLabels[at] ?? "",
          color: colors.quiet,
          align: "right"
        }))
      ),
      ...layersOf(chart, data, plot, options),
      texts(
        spacedLabels(
          time.map(({ short }) => short),
          { x, y: plotHeight + 20, from: 6 - left, to: plotWidth + right - 6 },
          colors.quiet
        )
      ),
      ...markLayers(badges.badges, plotHeight, colors),
      ...legendAt(-head).layers,
      ...(room === undefined
        ? []
        : endLabelLayers(
            data.series.map(({ points }, at) => ({
              y: y(points.findLast((value) => value !== null) ?? plot.base),
              entry: entries[at] ?? legendEntryOfNothing
            })),
            plotWidth,
            plotHeight,
            colors.ink
          )),
      ...beneath.layers
    ]
  }
}

const legendEntryOfNothing = {
  name: "",
  swatch: { kind: "line", color: "#000000", dash: [], width: 0 }
} as const
