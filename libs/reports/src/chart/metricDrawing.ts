import type { Metric } from "../Chart.ts"
import { textWidth } from "../fonts/textWidth.ts"
import { metricChange } from "../format/metricChange.ts"
import { numberText, shortNumberText } from "../format/numberText.ts"
import type { ChartOptions } from "./ChartOptions.ts"
import { type Drawing, type Layer, shapes, type TextInk, texts } from "./drawing.ts"
import { chartLabel, fitText, wrapText } from "./fitText.ts"
import { bandLayer, lineLayer } from "./paths.ts"
import { chartColors, seriesStyle } from "./theme.ts"

const arrows = {
  up: "M0,-4.5L5,4L-5,4Z",
  down: "M0,4.5L5,-4L-5,-4Z",
  same: "M-5,-1.2L5,-1.2L5,1.2L-5,1.2Z"
}

/** The line without axes: only its shape counts. */
const sparkline = (
  points: ReadonlyArray<number | null>,
  place: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  },
  options: ChartOptions
): ReadonlyArray<Layer> => {
  const finite = points.map((value) =>
    value !== null && Number.isFinite(value) ? value * 1e-30 : null
  )
  const known = finite.filter((value) => value !== null)
  if (known.length === 0) return []
  const low = known.reduce((least, value) => Math.min(least, value), 0)
  const high = known.reduce((most, value) => Math.max(most, value), 0)
  const span = high - low
  const scales = {
    x: (at: number) =>
      place.x + (points.length < 2 ? place.w : (at / (points.length - 1)) * place.w),
    y: (value: number) =>
      place.y + place.h * (span > 0 ? 1 - (value - low) / span : value > 0 ? 0 : 1),
    apart: place.w / Math.max(1, points.length - 1)
  }
  const { color } = seriesStyle(options.theme, 0)
  const last = finite.findLastIndex((value) => value !== null)
  return [
    bandLayer(
      [
        {
          fill: color,
          opacity: 0.14,
          points: finite.map((to, at) => ({ at, from: Math.max(low, 0), to }))
        }
      ],
      scales
    ),
    lineLayer(
      [
        {
          color,
          dash: [],
          width: 2,
          points: finite.map((value, at) => ({ at, value }))
        }
      ],
      scales
    ),
    // The last value, and those that no line leads to.
    shapes(
      finite.flatMap((value, at) => {
        const alone =
          (finite[at - 1] ?? null) === null && (finite[at + 1] ?? null) === null
        return value === null || (at !== last && !alone)
          ? []
          : [
              {
                x: scales.x(at),
                y: scales.y(value),
                shape: "circle",
                area: at === last ? 36 : 12,
                fill: color
              }
            ]
      })
    )
  ]
}

/** One number, large; its change in a colour and with an arrow; how it came here. */
export const metricDrawing = (metric: Metric, options: ChartOptions): Drawing => {
  const colors = chartColors(options.theme)
  const { width, locale } = options
  const { kind, unit } = metric.values
  const hasLine = (metric.sparkline ?? []).some(
    (value) => value !== null && Number.isFinite(value)
  )
  const beside = hasLine && width >= 420
  const room = (beside ? width * 0.55 : width) - 24

  const full = numberText(metric.value, kind, unit, locale)
  const exact = textWidth(full, 24, 600) <= room
  const short = exact ? full : shortNumberText(metric.value, kind, unit, locale)
  const size =
    [34, 28, 24, 20, 16].find((one) => textWidth(short, one, 600) <= room) ?? 16
  const words: Array<TextInk> = [
    {
      x: 12,
      y: 44,
      text: fitText(short, room, size, 600),
      size,
      weight: 600,
      color: colors.ink
    }
  ]
  const layers: Array<Layer> = []
  let bottom = 56
  const change = metricChange(metric, locale)
  if (change !== null) {
    const tone =
      change.good === null ? colors.quiet : change.good ? colors.good : colors.bad
    const label = chartLabel(change.label)
    const told = fitText(change.text, room - 30, 12, 600)
    layers.push(
      shapes([{ x: 18, y: bottom + 9, shape: arrows[change.direction], fill: tone }])
    )
    words.push({ x: 29, y: bottom + 13, text: told, weight: 600, color: tone })
    const from = 29 + textWidth(told, 12, 600) + 6
    const rest = fitText(`from ${change.before}`, room + 12 - from, 12)
    if (rest !== "…")
      words.push({ x: from, y: bottom + 13, text: rest, color: colors.quiet })
    bottom += 20
    for (const line of wrapText(label, room, 12, 2)) {
      words.push({ x: 12, y: bottom + 13, text: line, color: colors.quiet })
      bottom += 16
    }
  }
  const line = { w: beside ? width - room - 60 : width - 32, h: 44 }
  if (hasLine)
    layers.unshift(
      ...sparkline(
        metric.sparkline ?? [],
        beside
          ? {
              x: width - line.w - 16,
              y: 18,
              w: line.w,
              h: Math.max(line.h, bottom - 30)
            }
          : { x: 14, y: bottom + 14, ...line },
        options
      )
    )
  const height = Math.ceil(
    beside ? Math.max(bottom + 12, 84) : bottom + (hasLine ? line.h + 26 : 12)
  )
  return {
    width,
    height,
    left: 0,
    top: 0,
    plotWidth: width,
    plotHeight: height,
    layers: [...layers, texts(words)]
  }
}
