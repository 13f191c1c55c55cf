import type { Writing } from "../format/formatCell.ts"
import { shownTable, type TableLimits } from "../format/shownTable.ts"
import type { ReportTable } from "../ReportTable.ts"
import { escapeHtml } from "./escapeHtml.ts"

const limits: TableLimits = { rows: 1000, columns: 60, cell: 2000, total: 1_000_000 }

/**
 * A table that can be scrolled alone, by keyboard too. `caption` names it for those who do
 * not see the heading above it.
 */
export const tableHtml = (
  table: ReportTable,
  caption: string,
  writing: Writing
): string => {
  const { columns, empty, note, rows } = shownTable(table, limits, writing)
  const named = escapeHtml(caption, 500)
  const about = note === null ? "" : `<p class="note">${escapeHtml(note)}</p>\n`
  if (rows.length === 0) return `<p class="note">${escapeHtml(empty)}</p>\n${about}`
  const numeric = (at: number) => columns[at]?.numeric === true
  const head = columns
    .map(({ name }, at) =>
      name === ""
        ? `<td${numeric(at) ? ' class="n"' : ""}></td>`
        : `<th scope="col"${numeric(at) ? ' class="n"' : ' dir="auto"'}>${escapeHtml(name)}</th>`
    )
    .join("")
  const body = rows
    .map(
      (row) =>
        `<tr>${row
          .map((cell, at) => {
            const text = escapeHtml(cell, limits.cell)
            if (numeric(at)) return `<td class="n">${text}</td>`
            if (columns[at]?.whole === true)
              return `<td class="w" dir="auto">${text}</td>`
            return at === 0 && text !== ""
              ? `<th scope="row" dir="auto">${text}</th>`
              : `<td dir="auto">${text}</td>`
          })
          .join("")}</tr>`
    )
    .join("\n")
  return `<div class="scroll" role="group" aria-label="${named}" tabindex="0"><table>
<caption class="hidden">${named}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}
</tbody></table></div>
${about}`
}
