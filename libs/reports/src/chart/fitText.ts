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

const segmentsOf = (text: string): ReadonlyArray<string> =>
  [...graphemes.segment(text)].map(({ segment }) => segment)

/** How many of the first characters are at most `room` wide together. */
const fitting = (
  characters: ReadonlyArray<string>,
  room: number,
  size: number,
  weight: FontWeight
): number => {
  let used = 0
  const over = characters.findIndex((character) => {
    used += textWidth(character, size, weight)
    return used > room
  })
  return over === -1 ? characters.length : over
}

/** Paths of pages, which often begin alike and differ at their ends. */
const path = /^(?:[a-z]+:\/)?\/[\x21-\x7e]+$/iu

/**
 * The text, or as much of its beginning as is at most `width` wide, and `…`; of a path both
 * its ends.
 */
export const fitText = (
  text: string,
  width: number,
  size: number,
  weight: FontWeight = 400
): string => {
  if (textWidth(text, size, weight) <= width) return text
  const room = width - textWidth("…", size, weight)
  const characters = segmentsOf(text)
  const start = (share: number) => {
    const count = fitting(characters, room * share, size, weight)
    return characters.slice(0, count).join("")
  }
  if (!path.test(text)) return `${start(1).trimEnd()}…`
  const begin = start(0.4)
  const left = room - textWidth(begin, size, weight)
  const end = fitting(characters.toReversed(), left, size, weight)
  return `${begin}…${characters.slice(characters.length - end).join("")}`
}

/** As much of a word as fits in a line, if possible up to one of its own marks. */
const breakWord = (
  word: string,
  width: number,
  size: number,
  weight: FontWeight
): readonly [string, string] => {
  const characters = segmentsOf(word)
  const most = Math.max(1, fitting(characters, width, size, weight))
  const mark = characters
    .slice(0, most)
    .findLastIndex((character) => /[/_.:?&=-]/u.test(character))
  const at = mark > 0 && mark + 1 > most / 2 ? mark + 1 : most
  return [characters.slice(0, at).join(""), characters.slice(at).join("")]
}

/**
 * The text in at most `lines` lines of `width`, broken at spaces; within a word only where
 * it alone is longer than a line.
 */
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
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ""
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
      const [first, rest] = breakWord(word, width, size, weight)
      made.push(first)
      words.splice(at, 1, rest)
    } else {
      made.push(line)
      line = ""
    }
    // This word, or what is left of it, begins the next line.
    at--
  }
  return line === "" ? made : [...made, line]
}
