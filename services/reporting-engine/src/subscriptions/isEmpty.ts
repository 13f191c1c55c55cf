import { numbersOf } from "@analytics/reports/differences/numbersOf"
import type { ReportDocument } from "@analytics/reports/ReportDocument"

const data = new Set(["chart", "table", "metrics"])

/**
 * Whether a report that has something to ask has nothing to say: no number but 0, and no
 * row. A section that could not be made is something to say.
 */
export const isEmpty = (document: ReportDocument): boolean =>
  document.blocks.some(({ type }) => data.has(type)) &&
  document.blocks.every(
    (block) =>
      block.type !== "failed" &&
      (block.type !== "table" || block.table.rows.length === 0)
  ) &&
  numbersOf(document).every(({ value }) => value === null || value === 0)
