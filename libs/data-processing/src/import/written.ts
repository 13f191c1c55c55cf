import { createHash } from "node:crypto"
import { isRawNumber, type JsonObject } from "../ExactJson.ts"
import { jsonIn, objectIn } from "../protocols/plain.ts"
import type { Row } from "../readers/Row.ts"
import { instantOf } from "../Timestamps.ts"

/**
 * The text of a column, however the file writes it; `undefined` when there is none: empty,
 * `\N` of ClickHouse and MySQL, or the NULs that fill a column of fixed width.
 */
export const writtenIn = (fields: Row["fields"], name: string): string | undefined => {
  const value = fields[name]
  const text =
    typeof value === "string"
      ? value.replaceAll("\0", "")
      : typeof value === "number" || typeof value === "boolean"
        ? String(value)
        : isRawNumber(value)
          ? value.rawJSON
          : ""
  return text === "" || text === "\\N" ? undefined : text
}

/** A column as a number, if it is one. */
export const numberIn = (fields: Row["fields"], name: string): number | undefined => {
  const value = Number(writtenIn(fields, name) ?? Number.NaN)
  return Number.isFinite(value) ? value : undefined
}

/** A time as ISO 8601; without an offset it is UTC, as servers of analytics write it. */
export const timeIn = (fields: Row["fields"], name: string): string | undefined => {
  const value = fields[name]
  const at = instantOf(typeof value === "number" ? value : writtenIn(fields, name))
  return at === undefined || Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

/** A column that holds an object, or the JSON of one. */
export const objectOf = (
  fields: Row["fields"],
  name: string
): JsonObject | undefined => {
  const value = fields[name]
  if (typeof value === "string") return objectIn(jsonIn(value))
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? objectIn(value as JsonObject)
    : undefined
}

/** Texts under new names, without those that are absent; `undefined` if all are. */
export const gathered = (
  values: Readonly<Record<string, string | number | undefined>>
): JsonObject | undefined => {
  const given = Object.entries(values).filter(
    (entry): entry is [string, string | number] => entry[1] !== undefined
  )
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

/** Columns that have no other place, as they are written, in the order of their names. */
export const others = (
  fields: Row["fields"],
  known: ReadonlySet<string>
): JsonObject | undefined => {
  const left: Array<readonly [string, string]> = []
  for (const name of Object.keys(fields).sort()) {
    if (known.has(name)) continue
    const value = writtenIn(fields, name)
    if (value !== undefined) left.push([name, value])
  }
  return left.length === 0 ? undefined : Object.fromEntries(left)
}

/** An id made of what a row says, for rows without one: the same row, the same id. */
export const contentId = (vendor: string, ...parts: ReadonlyArray<unknown>): string =>
  `${vendor}-${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 40)}`
