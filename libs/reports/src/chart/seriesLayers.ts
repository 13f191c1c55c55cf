import type { SeriesChart } from "../Chart.ts"
import type { ChartOptions } from "./ChartOptions.ts"
import {
  type Layer,
  type RectInk,
  type RuleInk,
  rects,
  rules,
  shapes
} from "./drawing.ts"
import { type Band, bandLayer, type Line, lineLayer, type Scales } from "./paths.ts"
import { type DrawnSeries, stackOf } from "./seriesData.ts"
import { lookOf } from "./seriesStyle.ts"
import { chartColors } from "./theme.ts"

/** What series are drawn on. */
export interface Plot {
  readonly scales: Scales
  /** Labels along the axis. */
  readonly count: number
  readonly openEnd: boolean
  /** The value that bars and areas stand on. */
  readonly base: number
}

/** A forecast begins where what is known ends, so that its line has no gap before it. */
const joined = (series: DrawnSeries, all: ReadonlyArray<DrawnSeries>): DrawnSeries => {
  const main = all.find(({ role, style }) => role === "main" && style === series.style)
  const first = series.points.findIndex((value) => value !== null)
  const known = first < 1 ? null : (main?.points[first - 1] ?? null)
  if (known === null) return series
  const from = (points: DrawnSeries["points"] | undefined) =>
    points?.map((value, at) => (at === first - 1 ? known : value))
  return {
    ...series,
    points: from(series.points) ?? series.points,
    lower: from(series.lower),
    upper: from(series.upper)
  }
}

const indexed = (points: DrawnSeries["points"]) =>
  points.map((value, at) => ({ at, value }))

/** A line in two parts when its last value is not final: the last step is dotted. */
const linesOf = (
  series: DrawnSeries,
  plot: Plot,
  options: ChartOptions
): ReadonlyArray<Line> => {
  const { color, dash, width } = lookOf(series, options)
  const points = indexed(series.points)
  if (!plot.openEnd || series.role !== "main" || plot.count < 2)
    return [{ color, dash, width, points }]
  return [
    { color, dash, width, points: points.slice(0, -1) },
    { color, dash: [1, 4], width, points: points.slice(-2) }
  ]
}

/** Values no line leads to, all of them when there are few, and those not final: hollow. */
const dots = (
  all: ReadonlyArray<DrawnSeries>,
  plot: Plot,
  options: ChartOptions
): Layer => {
  const { surface } = chartColors(options.theme)
  const few = plot.count <= 16 && all.length <= 6
  return shapes(
    all.flatMap((series) => {
      const { color } = lookOf(series, options)
      const { points } = series
      return points.flatMap((value, at) => {
        if (value === null) return []
        const open = plot.openEnd && at === plot.count - 1 && series.role === "main"
        const alone =
          (points[at - 1] ?? null) === null && (points[at + 1] ?? null) === null
        if (!open && !alone && !(few && series.role !== "compare")) return []
        return [
          {
            x: plot.scales.x(at),
            y: plot.scales.y(value),
            shape: "circle",
            area: open || alone ? 38 : 22,
            fill: open ? surface : color,
            stroke: color,
            strokeWidth: 1.5
          }
        ]
      })
    })
  )
}

/** Lines, the intervals of forecasts, and with `filled` the area under the first of them. */
export const lineLayers = (
  given: ReadonlyArray<DrawnSeries>,
  plot: Plot,
  options: ChartOptions,
  filled: boolean
): ReadonlyArray<Layer> => {
  const all = given.map((series) =>
    series.role === "forecast" ? joined(series, given) : series
  )
  const bands = all.flatMap((series): ReadonlyArray<Band> => {
    const { color } = lookOf(series, options)
    const area =
      filled && series.role === "main"
        ? [
            {
              fill: color,
              opacity: given.length > 2 ? 0.08 : 0.16,
              points: series.points.map((to, at) => ({ at, from: plot.base, to }))
            }
          ]
        : []
    const { lower, upper } = series
    if (lower === undefined || upper === undefined) return area
    const points = lower.map((from, at) => ({ at, from, to: upper[at] ?? null }))
    return [...area, { fill: color, opacity: 0.18, points }]
  })
  const order = { compare: 0, forecast: 1, main: 2 }
  const lines = all
    .toSorted((a, b) => order[a.role] - order[b.role])
    .flatMap((series) => linesOf(series, plot, options))
  return [
    ...(bands.length === 0 ? [] : [bandLayer(bands, plot.scales)]),
    lineLayer(lines, plot.scales),
    dots(given, plot, options)
  ]
}

/** Bars of a time axis that would be hairs are drawn as lines. */
export const tooThin = (chart: SeriesChart, plotWidth: number): boolean =>
  chart.form === "bar" &&
  chart.axis === "time" &&
  plotWidth / Math.max(1, chart.labels.length * chart.series.length) < 1.5

/** Bars beside each other; forecasts with their intervals as whiskers. */
export const barLayers = (
  all: ReadonlyArray<DrawnSeries>,
  { scales, count, openEnd, base }: Plot,
  options: ChartOptions
): ReadonlyArray<Layer> => {
  const group = scales.apart * (scales.apart > 6 ? 0.76 : 0.9)
  const widest = Math.min(64, group / Math.max(1, all.length))
  /** Too narrow for a pattern to be seen. */
  const thin = widest <= 4
  const { ink } = chartColors(options.theme)
  const whiskers: Array<RuleInk> = []
  const bars = all.flatMap((series, index) => {
    const look = lookOf(series, options)
    const left = (index - all.length / 2) * widest
    const space = widest > 5 ? 0.5 : 0
    return series.points.flatMap((value, at): ReadonlyArray<RectInk> => {
      const middle = scales.x(at) + left + widest / 2
      const [lower, upper] = [series.lower?.[at] ?? null, series.upper?.[at] ?? null]
      if (lower !== null && upper !== null)
        whiskers.push({
          x: middle,
          x2: middle,
          y: scales.y(lower),
          y2: scales.y(upper),
          color: ink
        })
      if (value === null) return []
      const open = openEnd && at === count - 1 && series.role === "main"
      return [
        {
          x: scales.x(at) + left + space,
          x2: scales.x(at) + left + widest - space,
          y: scales.y(Math.max(base, value)),
          y2: scales.y(Math.min(base, value)),
          fill: thin ? look.color : open ? look.openFill : look.fill,
          stroke: !thin && (open || look.fill !== look.color) ? look.color : "none"
        }
      ]
    })
  })
  return [rects(bars), ...(whiskers.length === 0 ? [] : [rules(whiskers)])]
}

/** More pieces than this are drawn as areas: bars would be too thin to see, and too many. */
const mostPieces = 90

/** Bars on top of each other, or areas when they are many; comparisons are lines. */
export const stackLayers = (
  all: ReadonlyArray<DrawnSeries>,
  plot: Plot,
  options: ChartOptions,
  time: boolean
): ReadonlyArray<Layer> => {
  const { scales, count, openEnd } = plot
  const { surface } = chartColors(options.theme)
  const stacked = all.filter(({ role }) => role === "main")
  const lines = all.filter(({ role }) => role !== "main")
  const stack = stackOf(stacked)
  const half = Math.min(48, scales.apart * 0.78) / 2
  const open = (at: number) => openEnd && at === count - 1
  const pieces =
    time && count > mostPieces
      ? bandLayer(
          stacked.map((series, index) => ({
            fill: lookOf(series, options).fill,
            opacity: 0.92,
            points: stack[index] ?? []
          })),
          scales
        )
      : rects(
          stacked.flatMap((series, index) => {
            const look = lookOf(series, options)
            return (stack[index] ?? []).flatMap(({ at, from, to }) =>
              from === to
                ? []
                : [
                    {
                      x: scales.x(at) - half,
                      x2: scales.x(at) + half,
                      y: scales.y(Math.max(from, to)),
                      y2: scales.y(Math.min(from, to)),
                      fill: open(at) ? look.openFill : look.fill,
                      stroke: half <= 4 ? "none" : open(at) ? look.color : surface
                    }
                  ]
            )
          })
        )
  return [
    pieces,
    ...(lines.length === 0 ? [] : lineLayers(lines, plot, options, false))
  ]
}
