import { textWidth } from "../fonts/textWidth.ts"
import { type Layer, texts } from "./drawing.ts"
import { type LegendEntry, swatches } from "./legend.ts"

const apart = 17
const swatch = 22

/** How much room names at the ends of lines need; undefined when a legend is better. */
export const endLabelRoom = (
  names: ReadonlyArray<string>,
  width: number,
  plotHeight: number
): number | undefined => {
  if (width < 460 || names.length < 2 || names.length > 5) return undefined
  if (names.length * apart > plotHeight) return undefined
  const widest = names.reduce((most, name) => Math.max(most, textWidth(name, 12)), 0)
  return widest > Math.min(150, width * 0.24) ? undefined : widest + swatch + 27
}

/** Names where lines end, moved apart where they would meet. */
export const endLabelLayers = (
  ends: ReadonlyArray<{ readonly y: number; readonly entry: LegendEntry }>,
  x: number,
  plotHeight: number,
  ink: string
): ReadonlyArray<Layer> => {
  const sorted = ends.toSorted((a, b) => a.y - b.y)
  const places = sorted.map(({ y }) => y)
  for (let at = 1; at < places.length; at++)
    places[at] = Math.max(places[at] ?? 0, (places[at - 1] ?? 0) + apart)
  let limit = plotHeight
  for (let at = places.length - 1; at >= 0; at--) {
    places[at] = Math.min(places[at] ?? 0, limit)
    limit = (places[at] ?? 0) - apart
  }
  const placed = sorted.map(({ entry }, at) => ({
    x: x + 12,
    y: places[at] ?? 0,
    swatch: entry.swatch,
    name: entry.name
  }))
  return [
    ...swatches(placed),
    texts(
      placed.map((place) => ({
        x: place.x + swatch + 5,
        y: place.y + 4,
        text: place.name,
        color: ink
      }))
    )
  ]
}
