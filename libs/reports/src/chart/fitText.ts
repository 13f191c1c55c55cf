import { type FontWeight, textWidth } from "../fonts/textWidth.ts"
import { plainLine } from "../format/plainText.ts"

/** More than any chart can show of one text. */
const longest = 400

/** Marks that would turn the direction of the text after them, or of a whole chart. */
const direction = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * What joins emoji to one. resvg takes a character's font by its parts and would draw such
 * a sequence as boxes over each other; apart, each is drawn.
 */
const joiner = /\u200d(?=\p{Extended_Pictographic})/gu

/** What a user wrote, as one line that cannot reach beyond itself. */
export const chartLabel = (text: string): string =>
  plainLine(text.slice(0, 4 * longest), longest)
    .replaceAll(direction, "")
    .replaceAll(joiner, "")
    .trim()

/** Characters as readers see them: an emoji with its modifiers is one. */
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" })

/** The text, or as much of its beginning as is at most `width` wide, and `…`. */
export const fitText = (
  text: string,
  width: number,
  size: number,
  weight: FontWeight = 400
): string => {
  if (textWidth(text, size, weight) <= width) return text
  const room = width - textWidth("…", size, weight)
  let kept = ""
  let used = 0
  for (const { segment } of graphemes.segment(text)) {
    used += textWidth(segment, size, weight)
    if (used > room) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}

/** The text in at most `lines` lines of `width`, broken at spaces where there are some. */
export const wrapText = (
  text: string,
  width: number,
  size: number,
  lines: number,
  weight: FontWeight = 400
): ReadonlyArray<string> => {
  const made: Array<string> = []
  let line = ""
  const words = text.split(" ")
  for (const [at, word] of words.entries()) {
    const longer = line === "" ? word : `${line} ${word}`
    if (textWidth(longer, size, weight) <= width) {
      line = longer
      continue
    }
    if (made.length === lines - 1) {
      const rest = [line, ...words.slice(at)].filter((part) => part !== "").join(" ")
      return [...made, fitText(rest, width, size, weight)]
    }
    if (line === "") {
      made.push(fitText(word, width, size, weight))
    } else {
      made.push(line)
      line = textWidth(word, size, weight) <= width ? word : ""
      if (line === "")
        return [...made, fitText(words.slice(at).join(" "), width, size, weight)]
    }
  }
  return line === "" ? made : [...made, line]
}
