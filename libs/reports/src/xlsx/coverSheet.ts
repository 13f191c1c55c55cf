import type { Cell, CellStyle, CellValue, WriteSheet } from "hucre/xlsx"
import { documentHead } from "../format/documentHead.ts"
import { markdownText } from "../markdown/markdownText.ts"
import { parseMarkdown } from "../markdown/parseMarkdown.ts"
import type { ReportDocument } from "../ReportDocument.ts"
import { cellText } from "./cellText.ts"
import { instantSerials } from "./serial.ts"
import { headStyle } from "./tableSheet.ts"

/** A sheet behind the cover. */
export interface Listed {
  readonly title: string
  readonly sheet: string
  readonly rows: number
  readonly note: string | null
}

const wrapped: CellStyle = { alignment: { wrapText: true, vertical: "top" } }

/** What the workbook is, what a reader must know, its texts, and where its tables are. */
export const coverSheet = (
  name: string,
  document: ReportDocument,
  listed: ReadonlyArray<Listed>
): WriteSheet => {
  const head = documentHead(document)
  const rows: Array<Array<CellValue>> = []
  const cells = new Map<string, Partial<Cell>>()
  const add = (
    values: ReadonlyArray<CellValue>,
    ...styles: ReadonlyArray<CellStyle>
  ) => {
    const row = values.map((value) =>
      typeof value === "string" ? cellText(value) : value
    )
    for (const [at, style] of styles.entries())
      cells.set(`${rows.length},${at}`, { value: row[at] ?? null, style })
    rows.push(row)
  }
  const label: CellStyle = {
    font: { bold: true, color: { rgb: "566173" } },
    alignment: { vertical: "top" }
  }
  add([head.title], { font: { bold: true, size: 18 } })
  if (head.subtitle !== null) add([head.subtitle], { font: { size: 12 } })
  add([])
  add(["Project", head.project], label, wrapped)
  if (head.range !== null) add(["Period", head.range], label, wrapped)
  add(["Time zone", head.timezone], label, wrapped)
  const asOf = instantSerials(head.timezone)(document.asOf)
  add(["As of", asOf ?? head.asOf], label, {
    numFmt: "yyyy\\-mm\\-dd\\ hh:mm:ss",
    alignment: { horizontal: "left" }
  })
  for (const notice of head.notices) add([notice.label, notice.text], label, wrapped)
  if (listed.length > 0) {
    add([])
    add(["Sheet", "Contents", "Rows"], headStyle, headStyle, headStyle)
    for (const { sheet, title, rows: count, note } of listed) {
      add([sheet, note === null ? title : `${title} (${note})`, count], {}, wrapped, {
        numFmt: "#,##0"
      })
      cells.set(`${rows.length - 1},0`, {
        value: sheet,
        style: { font: { underline: true, color: { rgb: "1F5FA8" } } },
        hyperlink: { target: "", location: `'${sheet.replaceAll("'", "''")}'!A1` }
      })
    }
  }
  for (const block of document.blocks)
    if (block.type === "failed")
      add(
        ["Not made", `${block.title}: ${block.detail}`],
        {
          font: { bold: true, color: { rgb: "A8341A" } },
          alignment: { vertical: "top" }
        },
        wrapped
      )
  const texts = document.blocks.flatMap((block) =>
    block.type === "markdown" ? [markdownText(parseMarkdown(block.text))] : []
  )
  if (texts.some((text) => text !== "")) add([])
  for (const text of texts) if (text !== "") add(["Text", text], label, wrapped)
  return {
    name,
    rows,
    cells,
    columns: [{ width: 24 }, { width: 80 }, { width: 10 }],
    view: { showGridLines: false }
  }
}
