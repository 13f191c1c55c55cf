import type { Cell, CellStyle, CellValue, ColumnDef, WriteSheet } from "hucre/xlsx"
import { safeTimezone } from "../format/formatCell.ts"
import type { ReportTable } from "../ReportTable.ts"
import { cellText } from "./cellText.ts"
import { columnFormat } from "./columnFormat.ts"

/** Excel's own limits; two rows are kept for what is said of a table that is cut. */
export const mostRows = 1_048_576 - 3
export const mostColumns = 16_384

/** Named, as programs else take a font of their own for cells that have a style. */
export const font = { name: "Calibri", size: 11 } as const

export const headStyle: CellStyle = {
  font: { ...font, bold: true, color: { rgb: "1A2230" } },
  fill: { type: "pattern", pattern: "solid", fgColor: { rgb: "E6ECF3" } },
  alignment: { vertical: "top", wrapText: true },
  border: { bottom: { style: "thin", color: { rgb: "8896A8" } } }
}

const noteStyle: CellStyle = {
  font: { ...font, italic: true, color: { rgb: "566173" } }
}

/** Characters that a number takes in a format: `EUR 1,234.50` for `[$EUR]\\ #,##0.00`. */
const shownWidth = (value: CellValue, numFmt: string | null): number => {
  if (typeof value === "string") return Bun.stringWidth(value.slice(0, 60))
  if (typeof value === "boolean") return 5
  if (typeof value !== "number") return 0
  if (numFmt === null) return String(value).length
  const digits = Math.trunc(Math.abs(value)).toString().length
  return digits + Math.floor(digits / 3) + (numFmt.split(";")[0] ?? "").length - 3
}

/** Characters of width for what stands in a column, from its first rows. */
const width = (
  name: string,
  shown: ReadonlyArray<CellValue>,
  numFmt: string | null
) => {
  const dated = numFmt?.startsWith("yyyy") === true
  const longest = shown.reduce<number>(
    (most, value) =>
      Math.max(
        most,
        dated && typeof value === "number"
          ? numFmt.length - 4
          : shownWidth(value, numFmt)
      ),
    Math.min(28, Bun.stringWidth(name.slice(0, 60)) + 2)
  )
  return Math.min(50, Math.max(9, longest + 3))
}

/** What is missing of a table, in words; null: nothing. */
export const cutNote = (table: ReportTable): string | null => {
  const all = Math.max(table.totalRows ?? 0, table.rows.length)
  const rows = Math.min(table.rows.length, mostRows)
  const columns = Math.min(table.columns.length, mostColumns)
  const notes = [
    ...(rows < all || table.isCut === true
      ? [`${rows} of ${table.isCut === true ? "more than " : ""}${all} rows`]
      : []),
    ...(columns < table.columns.length
      ? [`${columns} of ${table.columns.length} columns`]
      : [])
  ]
  return notes.length === 0 ? null : `${notes.join(" and ")} are in this sheet.`
}

/** A table as a sheet: a heading that stays in sight, typed cells, widths that fit. */
export const tableSheet = (
  name: string,
  table: ReportTable,
  timezone: string
): WriteSheet => {
  const columns = table.columns.slice(0, mostColumns)
  const formats = columns.map((_, at) =>
    columnFormat(table, at, safeTimezone(timezone))
  )
  const heads = columns.map((column, at) => {
    const unit = formats[at]?.unit ?? null
    return cellText(unit === null ? column.name : `${column.name} (${unit})`)
  })
  const body = table.rows.slice(0, mostRows).map((row) =>
    formats.map((format, at): CellValue => {
      const cell = row[at] ?? null
      if (cell === null || typeof cell === "boolean") return cell
      const value = format.value(cell)
      return typeof value === "string" ? cellText(value) : value
    })
  )
  const note = cutNote(table)
  const cells = new Map<string, Partial<Cell>>(
    heads.map((head, at) => [
      `0,${at}`,
      {
        value: head,
        style: {
          ...headStyle,
          alignment: {
            ...headStyle.alignment,
            ...(formats[at]?.numeric === true
              ? { horizontal: "right" }
              : { horizontal: "left", indent: at === 0 ? 0 : 1 })
          }
        }
      }
    ])
  )
  if (note !== null)
    cells.set(`${body.length + 2},0`, { value: note, style: noteStyle })
  const defs = heads.map((head, at): ColumnDef => {
    const numFmt = formats[at]?.numFmt ?? null
    const rows = body.slice(0, 500).map((row) => row[at] ?? null)
    const left = formats[at]?.numeric !== true
    return {
      width: width(head, rows, numFmt),
      style: {
        font,
        alignment: {
          vertical: "top",
          // Else it would touch the numbers before it.
          ...(left ? { horizontal: "left", indent: at === 0 ? 0 : 1 } : {})
        },
        ...(numFmt === null ? {} : { numFmt })
      }
    }
  })
  const lastColumn = columnLetters(Math.max(0, columns.length - 1))
  return {
    name,
    columns: defs,
    rows: [heads, ...body, ...(note === null ? [] : [[], [note]])],
    cells,
    freezePane: { rows: 1 },
    ...(body.length === 0
      ? {}
      : { autoFilter: { range: `A1:${lastColumn}${body.length + 1}` } }),
    pageSetup: {
      orientation: columns.length > 6 ? "landscape" : "portrait",
      fitToPage: true,
      fitToWidth: 1,
      fitToHeight: 0,
      printTitlesRow: "$1:$1"
    }
  }
}

/** 0 is A, 26 is AA. */
export const columnLetters = (at: number): string =>
  (at < 26 ? "" : columnLetters(Math.floor(at / 26) - 1)) +
  String.fromCharCode(65 + (at % 26))
