import type { Arrow, Box, Diagram, End } from "./Diagram.ts"

const width = 960

// A card of its own, so that it can be read on any page, bright or dark.
const style = `
  .page { fill: #ffffff; stroke: #d0d7de }
  .service { fill: #dbeafe; stroke: #2563eb }
  .store { fill: #dcfce7; stroke: #15803d }
  .outside { fill: #f3f4f6; stroke: #6b7280 }
  .area { fill: none; stroke: #9ca3af; stroke-dasharray: 5 4 }
  .title { fill: #111827; font-weight: 600; font-size: 15px }
  .line, .label { fill: #374151; font-size: 12.5px }
  .label { paint-order: stroke; stroke: #ffffff; stroke-width: 4px }
  .arrow { fill: none; stroke: #4b5563; stroke-width: 1.5 }
  .asked { stroke-dasharray: 5 4 }
  .head { fill: #4b5563 }
  text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #30363d }
    .service { fill: #172554; stroke: #60a5fa }
    .store { fill: #052e16; stroke: #4ade80 }
    .outside { fill: #1f2937; stroke: #9ca3af }
    .area { stroke: #6b7280 }
    .title { fill: #f3f4f6 }
    .line, .label { fill: #d1d5db }
    .label { stroke: #0d1117 }
    .arrow { stroke: #9ca3af }
    .head { fill: #9ca3af }
  }
`

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const drawBox = ({ h, kind, lines = [], title, w, x, y }: Box): string => {
  const shape = `<rect class="${kind}" x="${x}" y="${y}" width="${w}" height="${h}" rx="8"/>`
  if (kind === "area")
    return `${shape}<text class="line" x="${x + 12}" y="${y + 20}">${escaped(title)}</text>`
  const middle = x + w / 2
  const first = y + h / 2 + 5 - lines.length * 8.5
  const texts = lines.map(
    (line, at) =>
      `<text class="line" text-anchor="middle" x="${middle}" y="${first + 18 + at * 16}">${escaped(line)}</text>`
  )
  return `${shape}<text class="title" text-anchor="middle" x="${middle}" y="${first}">${escaped(title)}</text>${texts.join("")}`
}

type Point = readonly [x: number, y: number]

const drawArrow = (boxes: ReadonlyMap<string, Box>, arrow: Arrow): string => {
  const point = ({ at = 0.5, box, side }: End): Point => {
    const found = boxes.get(box)
    if (found === undefined) throw new Error(`there is no box ${box}`)
    const { h, w, x, y } = found
    if (side === "left") return [x, y + h * at]
    if (side === "right") return [x + w, y + h * at]
    return side === "top" ? [x + w * at, y] : [x + w * at, y + h]
  }
  const points = [point(arrow.from), ...(arrow.via ?? []), point(arrow.to)]
  const line = `<polyline class="arrow${arrow.dashed ? " asked" : ""}" marker-end="url(#head)" points="${points.map((each) => each.join()).join(" ")}"/>`
  if (arrow.label === undefined) return line
  const [a, b] = [
    points[Math.ceil(points.length / 2) - 1],
    points.at(Math.ceil(points.length / 2))
  ]
  const [x, y] = arrow.labelAt ?? [
    ((a?.[0] ?? 0) + (b?.[0] ?? 0)) / 2,
    ((a?.[1] ?? 0) + (b?.[1] ?? 0)) / 2 - 6
  ]
  return `${line}<text class="label" text-anchor="middle" x="${x}" y="${y}">${escaped(arrow.label)}</text>`
}

/** A diagram as an SVG file of its own, for bright and dark screens. */
export const drawDiagram = (diagram: Diagram): string => {
  const boxes = new Map(diagram.boxes.map((box) => [box.id, box]))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${diagram.height}" role="img" aria-labelledby="title description">
<title id="title">${escaped(diagram.title)}</title>
<desc id="description">${escaped(diagram.description)}</desc>
<style>${style}</style>
<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="head" d="M0 0 10 5 0 10z"/></marker></defs>
<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${diagram.height - 1}" rx="10"/>
${[
  ...diagram.boxes.filter(({ kind }) => kind === "area").map(drawBox),
  ...diagram.boxes.filter(({ kind }) => kind !== "area").map(drawBox),
  ...diagram.arrows.map((arrow) => drawArrow(boxes, arrow))
].join("\n")}
</svg>
`
}
