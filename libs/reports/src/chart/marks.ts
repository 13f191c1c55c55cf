import type { SeriesChart } from "../Chart.ts"
import { type Layer, rules, shapes, texts } from "./drawing.ts"
import { chartLabel } from "./fitText.ts"
import { type ChartColors, inkOn } from "./theme.ts"

/** A mark with the number that stands for it in the picture. */
export interface NumberedMark {
  readonly number: number
  /** The index of its label; undefined when the chart has no such label. */
  readonly at: number | undefined
  readonly label: string
  readonly text: string
  readonly kind: "annotation" | "anomaly"
}

/** More would hide the chart; the table has all. */
export const mostMarks = 12

export const numberedMarks = (chart: SeriesChart): ReadonlyArray<NumberedMark> => {
  const indices = new Map(chart.labels.map((label, at) => [label, at]))
  return (chart.marks ?? [])
    .map((mark) => ({ ...mark, at: indices.get(mark.label) }))
    .toSorted((a, b) => (a.at ?? Number.MAX_VALUE) - (b.at ?? Number.MAX_VALUE))
    .slice(0, mostMarks)
    .map(({ at, label, text, kind }, index) => ({
      number: index + 1,
      at,
      label: chartLabel(label),
      text: chartLabel(text),
      kind
    }))
}

const rowHeight = 20

interface Badge extends NumberedMark {
  readonly x: number
  readonly row: number
}

/** Numbers above the plot, in more rows where they are close. */
export const badgesOf = (
  marks: ReadonlyArray<NumberedMark>,
  x: (at: number) => number
): { readonly height: number; readonly badges: ReadonlyArray<Badge> } => {
  const ends: Array<number> = []
  const badges = marks.flatMap((mark) => {
    if (mark.at === undefined) return []
    const place = x(mark.at)
    const free = ends.findIndex((end) => end + 20 <= place)
    const row = free === -1 ? ends.length : free
    ends[row] = place
    return [{ ...mark, x: place, row }]
  })
  return { height: ends.length === 0 ? 0 : ends.length * rowHeight + 4, badges }
}

/** Round for notes, pointed for anomalies, so that colour is not needed. */
export const markLayers = (
  badges: ReadonlyArray<Badge>,
  plotHeight: number,
  colors: ChartColors
): ReadonlyArray<Layer> => {
  if (badges.length === 0) return []
  const color = (badge: Badge) =>
    badge.kind === "anomaly" ? colors.alarm : colors.quiet
  const y = (badge: Badge) => -14 - badge.row * rowHeight
  return [
    rules(
      badges.map((badge) => ({
        x: badge.x,
        x2: badge.x,
        y: y(badge),
        y2: plotHeight,
        color: color(badge),
        dash: [2, 3]
      }))
    ),
    shapes(
      badges.map((badge) => ({
        x: badge.x,
        y: y(badge),
        shape: badge.kind === "anomaly" ? "M0,-10L10,0L0,10L-10,0Z" : "circle",
        area: badge.kind === "anomaly" ? 4 : 230,
        fill: color(badge)
      }))
    ),
    texts(
      badges.map((badge) => ({
        x: badge.x,
        y: y(badge) + 3.5,
        text: String(badge.number),
        size: 10,
        weight: 600,
        align: "center",
        color: inkOn(color(badge))
      }))
    )
  ]
}
