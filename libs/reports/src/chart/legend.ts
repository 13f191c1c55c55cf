import { textWidth } from "../fonts/textWidth.ts"
import {
  type Layer,
  type RectInk,
  type RuleInk,
  rects,
  rules,
  texts
} from "./drawing.ts"
import { fitText } from "./fitText.ts"

/** How an entry looks: a line, or a filled square. */
export type Swatch =
  | {
      readonly kind: "line"
      readonly color: string
      readonly dash: ReadonlyArray<number>
      readonly width: number
    }
  | { readonly kind: "area"; readonly fill: string; readonly stroke: string }

export interface LegendEntry {
  readonly name: string
  readonly swatch: Swatch
}

export interface Legend {
  readonly height: number
  readonly layers: ReadonlyArray<Layer>
}

const rowHeight = 20
const swatchWidth = 22
const gap = 18

/** Swatches whose left end is at a place, on the middle of a line of text. */
export const swatches = (
  placed: ReadonlyArray<{
    readonly x: number
    readonly y: number
    readonly swatch: Swatch
  }>
): ReadonlyArray<Layer> => {
  const lines: Array<RuleInk> = []
  const squares: Array<RectInk> = []
  for (const { x, y, swatch } of placed)
    if (swatch.kind === "line")
      lines.push({
        x,
        y,
        x2: x + swatchWidth,
        y2: y,
        color: swatch.color,
        dash: swatch.dash,
        width: swatch.width
      })
    else
      squares.push({
        x: x + 3,
        x2: x + swatchWidth - 5,
        y: y - 6,
        y2: y + 6,
        fill: swatch.fill,
        stroke: swatch.stroke
      })
  return [
    ...(squares.length === 0 ? [] : [rects(squares, 2)]),
    ...(lines.length === 0 ? [] : [rules(lines)])
  ]
}

/** Entries in as many rows as they need, from `y` downwards. */
export const legendOf = (
  entries: ReadonlyArray<LegendEntry>,
  place: { readonly x: number; readonly y: number; readonly width: number },
  ink: string
): Legend => {
  const longest = Math.min(place.width - swatchWidth - 8, 220)
  let [x, row] = [0, 0]
  const placed = entries.map(({ name, swatch }) => {
    const text = fitText(name, longest, 12)
    const width = swatchWidth + 6 + textWidth(text, 12)
    if (x > 0 && x + width > place.width) {
      x = 0
      row += 1
    }
    const at = { x: place.x + x, y: place.y + row * rowHeight + 10, text, swatch }
    x += width + gap
    return at
  })
  if (placed.length === 0) return { height: 0, layers: [] }
  return {
    height: (row + 1) * rowHeight + 14,
    layers: [
      ...swatches(placed),
      texts(
        placed.map(({ x: left, y, text }) => ({
          x: left + swatchWidth + 6,
          y: y + 4,
          text,
          color: ink
        }))
      )
    ]
  }
}
