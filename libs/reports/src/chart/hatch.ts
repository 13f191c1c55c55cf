import { type Hatch, mix } from "./theme.ts"

/** How each pattern is drawn in a tile of 8 × 8. */
const tiles: Record<Exclude<Hatch, "plain">, string> = {
  up: "M-2,2l4,-4M0,8l8,-8M6,10l4,-4",
  down: "M-2,6l4,4M0,0l8,8M6,-2l4,4",
  dots: "M2,2h0.01M6,6h0.01",
  across: "M0,2h8M0,6h8"
}

/** The `fill` of a colour with a pattern: `color`, or `url(#…)` of a pattern of this chart. */
export const hatched = (
  id: string,
  color: string,
  hatch: Hatch,
  surface: string
): string =>
  hatch === "plain"
    ? color
    : `url(#${id}-${hatch}-${color.slice(1)}-${surface.slice(1)})`

const used = (id: string) =>
  new RegExp(`url\\(#${id}-(up|down|dots|across)-([0-9a-f]{6})-([0-9a-f]{6})\\)`, "gu")

/** Definitions of the patterns that a drawing uses. */
export const hatchDefinitions = (body: string, id: string): string => {
  const names = new Set<string>()
  const made: Array<string> = []
  for (const [name, hatch, color, surface] of body.matchAll(used(id))) {
    if (names.has(name)) continue
    names.add(name)
    if (hatch !== "up" && hatch !== "down" && hatch !== "dots" && hatch !== "across")
      continue
    const ground = mix(`#${surface}`, `#${color}`, 0.35)
    made.push(
      `<pattern id="${id}-${hatch}-${color}-${surface}" width="8" height="8" patternUnits="userSpaceOnUse">`,
      `<rect width="8" height="8" fill="${ground}"/>`,
      `<path d="${tiles[hatch]}" fill="none" stroke="#${color}" stroke-width="${hatch === "dots" ? 3 : 2}" stroke-linecap="round"/></pattern>`
    )
  }
  return made.length === 0 ? "" : `<defs>${made.join("")}</defs>`
}
