import { Effect, Predicate } from "effect"
import { arrow } from "./arrowTable.ts"
import type { Column } from "./columnTypes.ts"
import type { TableRow } from "./tabular.ts"

/** A way to write a table. */
export interface TableFormat {
  readonly contentType: string
  readonly open: (columns: ReadonlyArray<Column>) => Effect.Effect<TableWriter>
}

/** Writes one table: the head, the rows in any number of parts, the tail. */
export interface TableWriter {
  readonly head: Uint8Array
  readonly body: (rows: ReadonlyArray<TableRow>) => Uint8Array
  readonly tail: Uint8Array
}

const encoder = new TextEncoder()
const nothing = new Uint8Array()

const ndjson: TableFormat = {
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
const csv: TableFormat = {
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

const formats: ReadonlyArray<readonly [string, TableFormat | "json"]> = [
  ["application/json", "json"],
  ["application/x-ndjson", ndjson],
  ["application/ndjson", ndjson],
  ["text/csv", csv],
  [arrow.contentType, arrow]
]

export const offered = `application/json, application/x-ndjson, text/csv or ${arrow.contentType}`

/** What an `Accept` header wants most of what there is (RFC 9110); undefined: nothing of it. */
export const formatFor = (
  accept: string | undefined
): TableFormat | "json" | undefined => {
  const ranges = (accept ?? "*/*")
    .split(",")
    .map((part) => {
      const [range = "", ...parameters] = part.split(";").map((it) => it.trim())
      const quality = parameters.find((it) => /^q=/iu.test(it))?.slice(2)
      return { range: range.toLowerCase(), quality: Number(quality ?? 1) }
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality)
  for (const { range } of ranges) {
    const [type, subtype] = range.split("/")
    const found = formats.find(
      ([name]) =>
        range === "*/*" ||
        name === range ||
        (subtype === "*" && name.startsWith(`${type}/`))
    )
    if (found) return found[1]
  }
  return undefined
}
