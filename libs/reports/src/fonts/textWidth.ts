import { readFileSync } from "node:fs"
import { fonts } from "./fonts.ts"
import { readTrueType, type TrueType } from "./trueType.ts"

export type FontWeight = 400 | 600

const read = new Map<string, TrueType>()

const trueType = (path: string): TrueType => {
  const kept = read.get(path)
  if (kept !== undefined) return kept
  const made = readTrueType(readFileSync(path))
  read.set(path, made)
  return made
}

const widths: Record<FontWeight, Map<number, number>> = {
  400: new Map(),
  600: new Map()
}

/** A character that no font has is a box about as wide as it is high. */
const box = 1

/** Zero-width: joiners, marks that stand on others, selectors of variants. */
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]$/u

const advance = (codePoint: number, weight: FontWeight): number => {
  const kept = widths[weight].get(codePoint)
  if (kept !== undefined) return kept
  let width: number | undefined
  if (invisible.test(String.fromCodePoint(codePoint))) width = 0
  for (const font of fonts) {
    if (width !== undefined) break
    if (font.family === "Inter" && font.weight !== weight) continue
    width = trueType(font.path).advance(codePoint)
  }
  widths[weight].set(codePoint, width ?? box)
  return width ?? box
}

/**
 * How wide a line of text is in pixels at a font size, by the fonts of reports; without
 * kerning and ligatures, which make it narrower.
 */
export const textWidth = (
  text: string,
  size: number,
  weight: FontWeight = 400
): number => {
  let em = 0
  for (const character of text) em += advance(character.codePointAt(0) ?? 0, weight)
  return em * size
}
