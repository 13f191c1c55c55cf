import type { FunnelChart } from "../Chart.ts"
import { textWidth } from "../fonts/textWidth.ts"
import { numberText } from "../format/numberText.ts"
import type { ChartOptions } from "./ChartOptions.ts"
import { type Drawing, type RectInk, rects, type TextInk, texts } from "./drawing.ts"
import { emptyDrawing } from "./emptyDrawing.ts"
import { chartLabel, fitText } from "./fitText.ts"
import { hatched } from "./hatch.ts"
import { legendOf } from "./legend.ts"
import { notesOf } from "./notes.ts"
import { chartColors, seriesStyle } from "./theme.ts"

/** More would be a table; it has all of them. */
const mostGroups = 16
/** Pixels: about as high as a page, as wide as it is. */
const highest = 900

export const groupName = (name: string | null): string =>
  name === null ? "Everybody" : chartLabel(name)

/** Steps from above, each a bar as long as its share of those who began. */
export const funnelDrawing = (chart: FunnelChart, options: ChartOptions): Drawing => {
  const colors = chartColors(options.theme)
  const { width, locale } = options
  const groups = chart.groups.slice(0, mostGroups)
  const [many, thick] = [groups.length > 1, groups.length > 1 ? 16 : 24]
  const steps = Math.min(
    Math.max(1, Math.floor(highest / (32 + groups.length * thick))),
    Math.max(0, ...groups.map((one) => one.steps.length))
  )
  if (steps === 0) return emptyDrawing(options)

  const rate = (value: number | null) => numberText(value, "percent", undefined, locale)
  const count = (value: number | null) =>
    numberText(value, "integer", undefined, locale)
  const fills = groups.map((_, index) => {
    const { color, hatch } = seriesStyle(options.theme, index)
    return hatched(options.id ?? "chart", color, hatch, colors.surface)
  })
  const beside = groups.flatMap((group) =>
    group.steps
      .slice(0, steps)
      .map((step) => `${count(step.count)}   ${rate(step.rateFromFirst)}`)
  )
  const room =
    12 + beside.reduce((most, text) => Math.max(most, textWidth(text, 12, 600)), 0)
  const [left, right] = [12, Math.min(width - 80, width - 12 - room)]
  const legend = legendOf(
    many
      ? groups.map(({ name }, index) => ({
          name: groupName(name),
          swatch: {
            kind: "area" as const,
            fill: fills[index] ?? colors.axis,
            stroke: seriesStyle(options.theme, index).color
          }
        }))
      : [],
    { x: 8, y: 8, width: width - 16 },
    colors.ink
  )
  const bars: Array<RectInk> = []
  const words: Array<TextInk> = []
  let y = 10 + legend.height
  for (let at = 0; at < steps; at++) {
    const step = groups.find((group) => group.steps[at] !== undefined)?.steps[at]
    const before = groups[0]?.steps[at]?.rateFromPrevious ?? null
    const share = many || at === 0 ? "" : `${rate(before)} of the step before`
    const shareWidth = share === "" ? 0 : textWidth(share, 11) + 16
    const name = `${at + 1}. ${chartLabel(step?.name ?? "")}`
    words.push({
      x: left,
      y: y + 12,
      text: fitText(name, width - 24 - shareWidth, 12, 600),
      weight: 600,
      color: colors.ink
    })
    if (share !== "")
      words.push({
        x: width - 12,
        y: y + 12,
        text: share,
        size: 11,
        align: "right",
        color: colors.quiet
      })
    y += 20
    for (const [index, group] of groups.entries()) {
      const one = group.steps[at]
      if (one === undefined) continue
      const part = Math.min(1, Math.max(0, one.rateFromFirst ?? 0))
      const whole = { x: left, y: y + 1, y2: y + thick - 1 }
      bars.push({ ...whole, x2: right, fill: colors.track })
      if (part > 0)
        bars.push({
          ...whole,
          x2: left + Math.max(1.5, part * (right - left)),
          fill: fills[index] ?? colors.axis
        })
      words.push({
        x: right + 10,
        y: y + thick / 2 + 4,
        text: count(one.count),
        weight: 600,
        color: colors.ink
      })
      words.push({
        x: width - 12,
        y: y + thick / 2 + 4,
        text: rate(one.rateFromFirst),
        align: "right",
        color: colors.ink
      })
      y += thick
    }
    y += 12
  }
  const notes = notesOf(
    [
      ...(chart.groups.length > groups.length
        ? [`The first ${groups.length} of ${chart.groups.length} groups are drawn.`]
        : []),
      ...(groups.some((group) => group.steps.length > steps)
        ? [`The first ${steps} steps are drawn.`]
        : [])
    ],
    { x: 12, y: y - 8, width: width - 24 },
    colors.quiet
  )
  const height = Math.ceil(y + notes.height)
  return {
    width,
    height,
    left: 0,
    top: 0,
    plotWidth: width,
    plotHeight: height,
    layers: [...legend.layers, rects(bars, 2), texts(words), ...notes.layers]
  }
}
