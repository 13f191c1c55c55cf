import type { Cell, CellStyle, CellValue, WriteSheet } from "hucre/xlsx"
import { documentHead } from "../format/documentHead.ts"
import { markdownText } from "../markdown/markdownText.ts"
import { parseMarkdown } from "../markdown/parseMarkdown.ts"
import type { ReportDocument } from "../ReportDocument.ts"
import { cellText } from "./cellText.ts"
import { instantSerials } from "./serial.ts"
import { font, headStyle } from "./tableSheet.ts"

/** A sheet behind the cover. */
export interface Listed {
  readonly title: string
  readonly sheet: string
  readonly rows: number
  readonly note: string | null
}

/** Most lines of a text on the cover. */
const mostLines = 500

const wrapped: CellStyle = { font, alignment: { wrapText: true, vertical: "top" } }

/** What the workbook is, what a reader must know, its texts, and where its tables are. */
export const coverSheet = (
  name: string,
  document: ReportDocument,
  listed: ReadonlyArray<Listed>
): WriteSheet => {
  const head = documentHead(document)
  const rows: Array<Array<CellValue>> = []
  const cells = new Map<string, Partial<Cell>>()
  const heights = new Map<number, { height: number }>()
  const add = (
    values: ReadonlyArray<CellValue>,
    ...styles: ReadonlyArray<CellStyle>
  ) => {
    const row = values.map((value) =>
      typeof value === "string" ? cellText(value) : value
    )
    for (const [at, style] of styles.entries())
      cells.set(`${rows.length},${at}`, { value: row[at] ?? null, style })
    const said = row[1]
    const lines = typeof said === "string" ? Math.ceil(Bun.stringWidth(said) / 72) : 1
    // Not every program makes room by itself; Excel has no row higher than 409 points.
    if (lines > 1) heights.set(rows.length, { height: Math.min(405, 15 * lines) })
    rows.push(row)
  }
  const label: CellStyle = {
    font: { ...font, bold: true, color: { rgb: "566173" } },
    alignment: { vertical: "top" }
  }
  add([head.title], { font: { ...font, bold: true, size: 18 } })
  if (head.subtitle !== null) add([head.subtitle], { font: { ...font, size: 12 } })
  add([])
  add(["Project", head.project], label, wrapped)
  if (head.range !== null) add(["Period", head.range], label, wrapped)
  add(["Time zone", head.timezone], label, wrapped)
  const asOf = instantSerials(head.timezone)(document.asOf)
  add(["As of", asOf ?? head.asOf], label, {
    font,
    numFmt: "yyyy\\-mm\\-dd\\ hh:mm:ss",
    alignment: { horizontal: "left" }
  })
  for (const notice of head.notices) add([notice.label, notice.text], label, wrapped)
  if (listed.length > 0) {
    add([])
    add(["Sheet", "Contents", "Rows"], headStyle, headStyle, {
      ...headStyle,
      alignment: { horizontal: "right" }
    })
    for (const { sheet, title, rows: count, note } of listed) {
      add([sheet, note === null ? title : `${title} (${note})`, count], {}, wrapped, {
        font,
        numFmt: "#,##0"
      })
      cells.set(`${rows.length - 1},0`, {
        value: sheet,
        style: { font: { ...font, underline: true, color: { rgb: "1F5FA8" } } },
        hyperlink: { target: "", location: `'${sheet.replaceAll("'", "''")}'!A1` }
      })
    }
  }
  for (const block of document.blocks)
    if (block.type === "failed")
      add(
        ["Not made", `${block.title}: ${block.detail}`],
        {
          font: { ...font, bold: true, color: { rgb: "A8341A" } },
          alignment: { vertical: "top" }
        },
        wrapped
      )
  for (const block of document.blocks) {
    if (block.type !== "markdown") continue
    const lines = markdownText(parseMarkdown(block.text))
      .split("\n")
      .filter((line) => line.trim() !== "" && !/^-+$/u.test(line))
    if (lines.length > 0) add([])
    for (const [at, line] of lines.slice(0, mostLines).entries())
      add([at === 0 ? "Text" : null, line], label, wrapped)
    if (lines.length > mostLines)
      add([null, `… [cut: ${lines.length} lines]`], label, wrapped)
  }
  return {
    name,
    rows,
    cells,
    rowDefs: heights,
    columns: [{ width: 34 }, { width: 80 }, { width: 10 }],
    pageSetup: { fitToPage: true, fitToWidth: 1, fitToHeight: 0 },
    view: { showGridLines: false }
  }
}
