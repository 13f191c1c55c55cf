import { plainLine } from "../format/plainText.ts"
import type { ShownTable } from "../format/shownTable.ts"

/** Characters of a line that mail programs and terminals show without breaking it. */
const lineWidth = 76
const widestColumn = 32

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" })

/** Columns that a text takes; wide signs and emoji take two. */
const width = (text: string): number => {
  let sum = 0
  for (const { segment } of segmenter.segment(text)) sum += Bun.stringWidth(segment)
  return sum
}

const fitted = (text: string, columns: number): string => {
  if (width(text) <= columns) return text
  let kept = ""
  for (const { segment } of segmenter.segment(text)) {
    if (width(kept) + width(segment) > columns - 1) break
    kept += segment
  }
  return `${kept}…`
}

const padded = (text: string, columns: number, end: boolean): string => {
  const space = " ".repeat(Math.max(0, columns - width(text)))
  return end ? space + text : text + space
}

/** One row under the other: for a table that is wider than a line. */
const records = (names: ReadonlyArray<string>, rows: ShownTable["rows"]): string =>
  rows
    .map((row) => row.map((cell, at) => `${names[at] ?? ""}: ${cell}`).join("\n"))
    .join("\n\n")

/** A table in columns of letters, numbers to the right; without tabs. */
export const tableText = (table: ShownTable): string => {
  const lines = table.rows.map((row) => row.map((cell) => plainLine(cell, 500)))
  const names = table.columns.map(({ name }) => name)
  const note = table.note === null ? "" : `\n${table.note}`
  if (lines.length === 0) return table.empty + note
  const widths = names.map((name, at) =>
    Math.min(
      widestColumn,
      Math.max(width(name), ...lines.map((row) => width(row[at] ?? "")))
    )
  )
  if (widths.reduce((sum, each) => sum + each + 2, -2) > lineWidth)
    return records(names, lines) + note
  const line = (row: ReadonlyArray<string>) =>
    row
      .map((cell, at) =>
        padded(
          fitted(cell, widths[at] ?? 0),
          widths[at] ?? 0,
          table.columns[at]?.numeric === true
        )
      )
      .join("  ")
      .trimEnd()
  return (
    [
      line(names),
      widths.map((each) => "-".repeat(each)).join("  "),
      ...lines.map(line)
    ].join("\n") + note
  )
}
