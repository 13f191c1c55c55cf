import { plainText } from "../format/plainText.ts"
import { characterWidth, isInOneFont, textWidth } from "./pdfFonts.ts"

/** Stands for a character that no font has. */
const missing = "\u25a1"

/** Marks that reverse the letters after them, in whatever text comes next. */
const directions = /[\u202a-\u202e\u2066-\u2069]/gu

/** Joiners, variation selectors and the like have no picture of their own. */
const invisible = /^\p{Default_Ignorable_Code_Point}$/u

const ignorable = /\p{Default_Ignorable_Code_Point}/gu

/** A letter with marks on it, or marks alone. */
const marked = /\P{M}?\p{M}+/gu

const rightToLeft =
  /^[^\p{L}]*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u

/** Whether the first letter is of a script that is written from right to left. */
export const isRightToLeft = (text: string): boolean => rightToLeft.test(text)

/**
 * Text as the fonts here can show it: what no font has becomes a box, and nothing in it
 * turns the text beside it around. `limit`: UTF-16 units, more is cut and says so.
 */
export const showable = (text: string, limit?: number): string => {
  const plain = plainText(text, limit)
    .replaceAll(directions, "")
    .replaceAll(/\r\n?|[\u2028\u2029]/gu, "\n")
  // Most text needs no second look.
  if (/^[\n\t -~]*$/u.test(plain)) return plain.replaceAll("\t", "    ")
  let shown = ""
  for (const character of plain.normalize("NFC").replaceAll("\t", "    ")) {
    const known =
      character === "\n" ||
      invisible.test(character) ||
      characterWidth(character.codePointAt(0) ?? 0) !== null
    shown += known ? character : missing
  }
  return shown.replaceAll(marked, (letter) => {
    const codes = [...letter.replaceAll(ignorable, "")].map(
      (character) => character.codePointAt(0) ?? 0
    )
    return isInOneFont(codes) ? letter : letter.replaceAll(/\p{M}+/gu, missing)
  })
}

/** A place where a line may end. */
const breakable = "\u200b"

/** Words wider than `width` em get places where a line may end. */
export const breakLongWords = (text: string, width: number): string => {
  // No character is wider than this in the fonts here.
  if (text.length * 1.3 <= width) return text
  return text.replaceAll(/\S+/gu, (word) => {
    if (textWidth(word) <= width) return word
    let broken = ""
    let used = 0
    for (const character of word) {
      const next = textWidth(character)
      if (used + next > width * 0.5 && !invisible.test(character)) {
        broken += breakable
        used = 0
      }
      broken += character
      used += next
    }
    return broken
  })
}

/** Whether nothing would be seen of it. */
export const isBlank = (text: string): boolean =>
  showable(text).replaceAll(ignorable, "").trim() === ""

/** Text of a heading, which may not be nothing. */
export const headingText = (text: string, limit: number): string =>
  isBlank(text) ? "Untitled" : showable(text, limit)
