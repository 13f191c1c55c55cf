import type { TableRow } from "@analytics/data-processing/tables/tabular"
import { Predicate } from "effect"

const guardedText = (value: unknown): unknown =>
  Predicate.isString(value) && /^[=+\-@\t\r]/u.test(value) ? `'${value}` : value

/** Rows in which no text begins as a formula of a spreadsheet does. */
export const guarded = (rows: ReadonlyArray<TableRow>): ReadonlyArray<TableRow> =>
  rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, guardedText(value)])
    )
  )
