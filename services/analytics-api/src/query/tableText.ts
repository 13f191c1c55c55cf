import { Predicate } from "effect"
import type { Tabular } from "./tabular.ts"

/** A way to write a table. */
export interface TableFormat {
  readonly contentType: string
  /** What comes before the rows. */
  readonly head: (columns: ReadonlyArray<string>) => string
  readonly body: (table: Tabular) => string
}

const ndjson: TableFormat = {
  contentType: "application/x-ndjson",
  head: () => "",
  body: ({ rows }) => rows.map((row) => `${JSON.stringify(row)}\n`).join("")
}

/** RFC 4180. Null is empty; arrays and objects are JSON. */
const csv: TableFormat = {
  contentType: "text/csv; charset=utf-8; header=present",
  head: (columns) => `${columns.map(cell).join(",")}\r\n`,
  body: ({ columns, rows }) =>
    rows
      .map((row) => `${columns.map((column) => cell(row[column])).join(",")}\r\n`)
      .join("")
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
  ["text/csv", csv]
]

export const offered = "application/json, application/x-ndjson or text/csv"

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
