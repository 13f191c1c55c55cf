import { plainLine } from "../format/plainText.ts"

/** Most characters of a name of a sheet. */
export const longestSheetName = 31

/** A name that Excel takes for a sheet: without `[]:*?/\`, apostrophes at its ends. */
export const sheetName = (title: string): string => {
  const name = plainLine(title, 200)
    .replaceAll(/[[\]:*?/\\\ufffd]+/gu, " ")
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/^[\s']+|[\s']+$/gu, "")
  const cut = name.slice(0, longestSheetName)
  const whole = (cut.isWellFormed() ? cut : cut.slice(0, -1)).replace(/[\s']+$/u, "")
  // Excel keeps "History" for itself.
  return whole === "" || whole.toLowerCase() === "history" ? "Section" : whole
}
