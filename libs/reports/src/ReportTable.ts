import { Schema } from "effect"

/** What the values of a column, of an axis or of a metric are; decides how they are written. */
export const ValueKind = Schema.Literals([
  "text",
  "integer",
  "number",
  /** A share: 0.125 is 12.5 %. */
  "percent",
  /** With `unit`: the ISO 4217 code. */
  "currency",
  /** Seconds. */
  "duration",
  /** `2026-03-01`, a day of the report's time zone. */
  "date",
  /** An instant, ISO 8601 in UTC, shown in the report's time zone. */
  "datetime",
  "boolean"
])
export type ValueKind = typeof ValueKind.Type

/** JSON text stands for arrays and objects. null: there is no value. */
export const Cell = Schema.NullOr(
  Schema.Union([Schema.String, Schema.Number, Schema.Boolean])
)
export type Cell = typeof Cell.Type

export const Column = Schema.Struct({
  name: Schema.String,
  kind: ValueKind,
  /** ISO 4217 of a currency; else what is written after a number. */
  unit: Schema.optionalKey(Schema.String)
})
export type Column = typeof Column.Type

export const ReportTable = Schema.Struct({
  columns: Schema.Array(Column),
  /** Each as long as `columns`. */
  rows: Schema.Array(Schema.Array(Cell)),
  /** Rows there would be without a limit, when that is more than are here. */
  totalRows: Schema.optionalKey(Schema.Int),
  /** There are more rows than are here, and nobody counted them. */
  isCut: Schema.optionalKey(Schema.Boolean),
  /** Said in place of rows when there are none; without it, that there is nothing. */
  empty: Schema.optionalKey(Schema.String)
})
export type ReportTable = typeof ReportTable.Type
