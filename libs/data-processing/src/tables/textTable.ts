import { Effect, Predicate } from "effect"
import type { Column } from "./columnTypes.ts"
import type { TableRow } from "./tabular.ts"

/** A way to write a table. */
export interface TableFormat {
  readonly contentType: string
  readonly open: (columns: ReadonlyArray<Column>) => Effect.Effect<TableWriter>
}

/** Writes one table: the head, the rows in any number of parts, then the tail. */
export interface TableWriter {
  readonly head: Uint8Array
  readonly body: (rows: ReadonlyArray<TableRow>) => Uint8Array
  readonly tail: Uint8Array
}

const encoder = new TextEncoder()
const nothing = new Uint8Array()

/** One JSON object a line. */
export const ndjson: TableFormat = {
  contentType: "application/x-ndjson",
  open: () =>
    Effect.succeed({
      head: nothing,
      body: (rows) =>
        encoder.encode(rows.map((row) => `${JSON.stringify(row)}\n`).join("")),
      tail: nothing
    })
}

/** RFC 4180. Null is empty; arrays and objects are JSON. */
export const csv: TableFormat = {
  contentType: "text/csv; charset=utf-8; header=present",
  open: (columns) => {
    const lineOf = (value: (column: string) => unknown) =>
      `${columns.map(({ name }) => cell(value(name))).join(",")}\r\n`
    return Effect.succeed({
      head: encoder.encode(lineOf((column) => column)),
      body: (rows) =>
        encoder.encode(rows.map((row) => lineOf((column) => row[column])).join("")),
      tail: nothing
    })
  }
}

const cell = (value: unknown): string => {
  const text = textOf(value)
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return ""
  return Predicate.isString(value) ? value : JSON.stringify(value)
}
