import { plainText } from "../format/plainText.ts"

/** Most characters of a cell in Excel. */
export const longestCell = 32_767

/** A text that Excel keeps as it is: bounded, and `_x0041_` not taken for an escape. */
export const cellText = (text: string): string =>
  plainText(text, longestCell).replaceAll(/_(?=x[\da-f]{4}_)/giu, "_x005F_")
