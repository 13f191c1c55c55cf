import type { Cell, CellStyle, CellValue, ColumnDef, WriteSheet } from "hucre/xlsx"
import { safeTimezone } from "../format/formatCell.ts"
import type { ReportTable } from "../ReportTable.ts"
import { cellText } from "./cellText.ts"
import { columnFormat } from "./columnFormat.ts"

/** Excel's own limits; two rows are kept for what is said of a table that is cut. */
export const mostRows = 1_048_576 - 3
export const mostColumns = 16_384

export const headStyle: CellStyle = {
  font: { bold: true, color: { rgb: "1A2230" } },
  fill: { type: "pattern", pattern: "solid", fgColor: { rgb: "E6ECF3" } },
  alignment: { vertical: "top", wrapText: true },
  border: { bottom: { style: "thin", color: { rgb: "8896A8" } } }
}

const noteStyle: CellStyle = { font: { italic: true, color: { rgb: "566173" } } }

/** Characters of width for what stands in a column, from its first rows. */
const width = (
  name: string,
  shown: ReadonlyArray<CellValue>,
  numFmt: string | null
) => {
  const longest = shown
    .slice(0, 500)
    .reduce<number>(
      (most, value) =>
        Math.max(
          most,
          typeof value === "string" ? Bun.stringWidth(value.slice(0, 60)) : 0
        ),
      Math.min(28, Bun.stringWidth(name.slice(0, 60)))
    )
  const least = numFmt === null ? 9 : numFmt.includes("hh:mm") ? 19 : 12
  return Math.min(50, Math.max(least, longest + 3))
}

/** What is missing of a table, in words; null: nothing. */
export const cutNote = (table: ReportTable): string | null => {
  const all = Math.max(table.totalRows ?? 0, table.rows.length)
  const rows = Math.min(table.rows.length, mostRows)
  const columns = Math.min(table.columns.length, mostColumns)
  const notes = [
    ...(rows < all ? [`${rows} of ${all} rows`] : []),
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
            horizontal: formats[at]?.numeric === true ? "right" : "left"
          }
        }
      }
    ])
  )
  if (note !== null)
    cells.set(`${body.length + 2},0`, { value: note, style: noteStyle })
  const defs = heads.map((head, at): ColumnDef => {
    const numFmt = formats[at]?.numFmt ?? null
    return {
      width: width(
        head,
        body.slice(0, 500).map((row) => row[at] ?? null),
        numFmt
      ),
      ...(numFmt === null ? {} : { numFmt })
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
