import { sankey, sankeyLinkHorizontal } from "d3-sankey"
import type { PathsChart } from "../Chart.ts"
import { textWidth } from "../fonts/textWidth.ts"
import { shortNumberText } from "../format/numberText.ts"
import type { ChartOptions } from "./ChartOptions.ts"
import {
  type Drawing,
  rects,
  type ShapeInk,
  shapes,
  type TextInk,
  texts
} from "./drawing.ts"
import { emptyDrawing } from "./emptyDrawing.ts"
import { fitText } from "./fitText.ts"
import { type FlowNode, flowOf, isSpine } from "./flow.ts"
import { notesOf } from "./notes.ts"
import { chartColors, seriesStyle } from "./theme.ts"

const nodeWidth = 10
/** The least room for a name beside its node. */
const leastRoom = 104

/** Steps from left to right; bands are as thick as the number of people who went that way. */
export const pathsDrawing = (chart: PathsChart, options: ChartOptions): Drawing => {
  const colors = chartColors(options.theme)
  const { width, locale } = options
  const room = Math.max(2, Math.floor((width - 24) / (leastRoom + nodeWidth)))
  const flow = flowOf(chart, room)
  if (flow.links.length === 0) return emptyDrawing(options)

  const column = (width - 24) / flow.columns
  const fullest = Math.max(
    ...Array.from(
      { length: flow.columns },
      (_, at) => flow.nodes.filter((node) => node.column === at).length
    )
  )
  const [top, gap] = [34, 18]
  const plotHeight = Math.max(options.height ?? 0, Math.min(fullest * 46, 420), 120)
  const laidOut = sankey<FlowNode, object>()
    .nodeId((node) => node.id)
    .nodeAlign((node) => node.column)
    .nodeWidth(nodeWidth)
    .nodePadding(gap)
    .nodeSort((a, b) => b.weight - a.weight || a.order - b.order)
    .extent([
      [12, top],
      [width - 12 - (column - nodeWidth), top + plotHeight]
    ])
    .iterations(12)({
    nodes: flow.nodes.map((node) => ({ ...node })),
    links: flow.links.map((link) => ({ ...link }))
  })

  const nodes = laidOut.nodes.filter(({ id }) => !isSpine(id))
  const links = laidOut.links.filter(
    ({ target }) => typeof target === "object" && !isSpine(target.id)
  )
  const path = sankeyLinkHorizontal<FlowNode, object>()
  const colorOf = (node: FlowNode) =>
    node.rest ? colors.axis : seriesStyle(options.theme, node.colorIndex).color
  const bands: Array<ShapeInk & { readonly shape: string }> = links.map((link) => ({
    x: 0,
    y: 0,
    shape: path(link) ?? "M0,0",
    fill: "none",
    stroke: typeof link.source === "object" ? colorOf(link.source) : colors.axis,
    strokeWidth: Math.max(1, link.width ?? 1),
    opacity: 0.3
  }))
  const blocks = nodes.map((node) => {
    const { x0 = 0, x1 = 0, y0 = 0, y1 = 0 } = node
    return { x: x0, x2: x1, y: y0, y2: Math.max(y1, y0 + 1), fill: colorOf(node) }
  })
  const words: Array<TextInk> = []
  for (const node of nodes) {
    const { x1 = 0, y0 = 0, y1 = 0 } = node
    const count = shortNumberText(node.weight, "integer", undefined, locale)
    const space = column - nodeWidth - 14
    const counted = textWidth(count, 11)
    const name = fitText(node.name, Math.max(24, space - counted - 8), 12)
    const y = (y0 + y1) / 2 + 4
    words.push({ x: x1 + 5, y, text: name, color: colors.ink })
    words.push({
      x: x1 + 5 + textWidth(name, 12) + 6,
      y,
      text: count,
      size: 11,
      color: colors.ink
    })
  }
  for (let at = 0; at < flow.columns; at++)
    words.push({
      x: 12 + at * column,
      y: 18,
      text: `Step ${flow.first + at}`,
      size: 11,
      color: colors.quiet
    })
  const below = Math.max(top + plotHeight, ...blocks.map(({ y2 }) => y2)) + 6
  const notes = notesOf(
    [
      ...(flow.cut > 0
        ? [`${flow.columns} of ${flow.columns + flow.cut} steps are drawn.`]
        : []),
      ...(flow.merged > 0 ? ["What few went is drawn together as “others”."] : [])
    ],
    { x: 12, y: below, width: width - 24 },
    colors.quiet
  )
  const height = Math.ceil(below + notes.height + 8)
  return {
    width,
    height,
    left: 0,
    top: 0,
    plotWidth: width,
    plotHeight: height,
    layers: [
      shapes(bands),
      rects(blocks, 1),
      texts(words, colors.surface),
      ...notes.layers
    ]
  }
}
