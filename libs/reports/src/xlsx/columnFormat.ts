import type { Cell, ReportTable } from "../ReportTable.ts"
import { daySerial, instantSerials } from "./serial.ts"

/** How the values of a column are written into cells. */
export interface ColumnFormat {
  /** Said behind the heading: a unit that the cells do not show. */
  readonly unit: string | null
  /** Number format in Excel's own, locale-independent codes. */
  readonly numFmt: string | null
  readonly numeric: boolean
  /** null: a text that is none of the kind stays one. */
  readonly value: (cell: string | number) => string | number | null
}

/** Excel's largest number; a file with a larger one is broken for it. */
const largest = 9.999_999_999_999_99e307

const finite = (cell: string | number): string | number | null => {
  if (typeof cell !== "number") return cell
  if (!Number.isFinite(cell)) return null
  return Math.abs(cell) > largest ? String(cell) : cell
}

const currencyDigits = (code: string): number =>
  new Intl.NumberFormat("en", { style: "currency", currency: code }).resolvedOptions()
    .maximumFractionDigits ?? 2

const plain = (numFmt: string, unit: string | null): ColumnFormat => ({
  unit,
  numFmt,
  numeric: true,
  value: finite
})

const text: ColumnFormat = { unit: null, numFmt: null, numeric: false, value: finite }

/** Decides by the kind of a column, and where that leaves a choice, by its values. */
export const columnFormat = (
  table: ReportTable,
  at: number,
  timezone: string
): ColumnFormat => {
  const column = table.columns[at]
  if (column === undefined) return text
  const some = (test: (cell: number) => boolean): boolean =>
    table.rows.some((row) => {
      const cell: Cell | undefined = row[at]
      return typeof cell === "number" && test(cell)
    })
  const unit = column.unit ?? null
  const fraction = (cell: number) => !Number.isInteger(cell)
  switch (column.kind) {
    case "integer":
      return plain("#,##0", unit)
    case "percent":
      return plain("0.0%", null)
    case "currency": {
      if (unit === null || !/^[A-Za-z]{3}$/u.test(unit)) return plain("#,##0.00", unit)
      const code = unit.toUpperCase()
      const digits = currencyDigits(code)
      const amount = `#,##0${digits === 0 ? "" : `.${"0".repeat(digits)}`}`
      return plain(`[$${code}]\\ ${amount};\\-[$${code}]\\ ${amount}`, null)
    }
    case "number":
      return plain(
        some((cell) => cell !== 0 && Math.abs(cell) < 0.01)
          ? "0.00E+00"
          : some(fraction)
            ? "#,##0.00"
            : "#,##0",
        unit
      )
    case "duration":
      // Excel shows no time below zero.
      if (some((cell) => cell < 0)) return plain("#,##0.00", "seconds")
      return {
        unit: "h:mm:ss",
        numFmt: some(fraction) ? "[h]:mm:ss.000" : "[h]:mm:ss",
        numeric: true,
        value: (cell) =>
          typeof cell === "number" && Number.isFinite(cell)
            ? cell / 86_400
            : finite(cell)
      }
    case "date":
      return {
        unit: null,
        numFmt: "yyyy\\-mm\\-dd",
        numeric: false,
        value: (cell) =>
          typeof cell === "string" ? (daySerial(cell) ?? cell) : finite(cell)
      }
    case "datetime": {
      const serial = instantSerials(timezone)
      return {
        unit: timezone,
        numFmt: "yyyy\\-mm\\-dd\\ hh:mm:ss",
        numeric: false,
        value: (cell) =>
          typeof cell === "string" ? (serial(cell) ?? cell) : finite(cell)
      }
    }
    default:
      return text
  }
}
