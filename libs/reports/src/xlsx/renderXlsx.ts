import { unzipSync, zipSync } from "fflate"
import { writeXlsx } from "hucre/xlsx"
import { plainLine } from "../format/plainText.ts"
import { sections } from "../format/sections.ts"
import { uniqueNames } from "../format/uniqueNames.ts"
import { zipTime } from "../format/zipTime.ts"
import type { Rendered, ReportDocument } from "../ReportDocument.ts"
import { coverSheet } from "./coverSheet.ts"
import { longestSheetName, sheetName } from "./sheetName.ts"
import { cutNote, mostRows, tableSheet } from "./tableSheet.ts"

/**
 * A report as a workbook: a cover, and a sheet for each table, chart and group of metrics.
 * Numbers, days, instants, durations and truth values are such, in formats that every locale
 * reads; texts are never formulas. Packed again, as hucre gives its files no time stamps.
 */
export const renderXlsx = async (document: ReportDocument): Promise<Rendered> => {
  const parts = sections(document)
  const [cover = "Report", ...names] = uniqueNames(
    ["Report", ...parts.map(({ title }) => sheetName(title))],
    longestSheetName
  )
  const listed = parts.map(({ title, table }, at) => ({
    title: plainLine(title, 500),
    sheet: names[at] ?? "",
    rows: Math.min(mostRows, table.rows.length),
    note: cutNote(table)
  }))
  const made = Number.isNaN(Date.parse(document.asOf))
    ? new Date(0)
    : new Date(document.asOf)
  const file = await writeXlsx({
    sheets: [
      coverSheet(cover, document, listed),
      ...parts.map(({ table }, at) =>
        tableSheet(names[at] ?? "", table, document.timezone)
      )
    ],
    properties: {
      title: plainLine(document.title, 255),
      creator: plainLine(document.project, 255),
      created: made,
      modified: made
    }
  })
  return {
    mediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    extension: "xlsx",
    bytes: zipSync(unzipSync(file), { level: 6, mtime: zipTime(document.asOf) })
  }
}
