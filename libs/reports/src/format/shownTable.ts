import type { ReportTable } from "../ReportTable.ts"
import { formatCell, isNumeric, type Writing } from "./formatCell.ts"
import { numberText } from "./numberText.ts"
import { plainLine, plainText } from "./plainText.ts"

export interface TableLimits {
  readonly rows: number
  readonly columns: number
  /** Characters of one cell. */
  readonly cell: number
  /** Characters of all cells together. */
  readonly total: number
}

/** A table as people read it: every cell is text. */
export interface ShownTable {
  readonly columns: ReadonlyArray<{
    readonly name: string
    readonly numeric: boolean
    /** Values are short and read as one word: days, instants, yes and no. */
    readonly whole: boolean
  }>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  /** What is not shown of it; null: all is. */
  readonly note: string | null
  /** What stands in place of rows when there are none. */
  readonly empty: string
}

const count = (value: number, locale: string) =>
  numberText(value, "integer", undefined, locale)

/** The beginning of a table within limits, and in words what is missing. */
export const shownTable = (
  table: ReportTable,
  limits: TableLimits,
  writing: Writing
): ShownTable => {
  const columns = table.columns.slice(0, limits.columns)
  const rows: Array<ReadonlyArray<string>> = []
  let room = limits.total
  for (const row of table.rows.slice(0, limits.rows)) {
    const cells = columns.map((column, at) =>
      plainText(formatCell(row[at] ?? null, column, writing), limits.cell)
    )
    room -= cells.reduce((sum, cell) => sum + cell.length, 0)
    if (room < 0) break
    rows.push(cells)
  }
  const all = Math.max(table.totalRows ?? 0, table.rows.length)
  const notes = [
    ...(rows.length < all || table.isCut === true
      ? [
          `${count(rows.length, writing.locale)} of ${table.isCut === true ? "more than " : ""}${count(all, writing.locale)} rows`
        ]
      : []),
    ...(columns.length < table.columns.length
      ? [`${columns.length} of ${count(table.columns.length, writing.locale)} columns`]
      : [])
  ]
  return {
    columns: columns.map(({ name, kind }) => ({
      name: plainLine(name, 200),
      numeric: isNumeric(kind),
      whole: kind === "date" || kind === "datetime" || kind === "boolean"
    })),
    rows,
    note: notes.length === 0 ? null : `${notes.join(" and ")} are shown.`,
    empty: plainLine(table.empty ?? "Nothing to show.", 500)
  }
}
