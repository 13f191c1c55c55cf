import { isJsonObject, type Json, parse } from "../ExactJson.ts"
import type { Row } from "../readers/Row.ts"
import { type Mapped, rowId } from "./Mapped.ts"

const isAbsent = (value: unknown): boolean =>
  value === undefined || value === null || value === ""

/** A row of NDJSON that is an event already, with an id made from its place in the file. */
export const plainEvent = (row: Row, file: string): Mapped => {
  const { fields, json } = row
  const id = rowId(file, row)
  const named = Object.hasOwn(fields, "messageId")
  if (named && !isAbsent(fields["messageId"]))
    return json === undefined ? { event: fields } : { json }
  if (named || json === undefined || Object.keys(fields).length === 0)
    return { event: { ...fields, messageId: id } }
  return { json: `{"messageId":"${id}",${json.slice(json.indexOf("{") + 1)}` }
}

const objects = ["properties", "traits", "context"]

/**
 * A row of a table whose columns are named as the fields of an event are. `properties`,
 * `traits` and `context` hold JSON text or objects; empty values are absent; a row with an
 * event name and no `type` is a `track`.
 */
export const tableEvent = (row: Row, file: string): Mapped => {
  const { fields } = row
  const event: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields))
    if (!isAbsent(value)) event[name] = value
  for (const name of objects) {
    const text = event[name]
    if (typeof text !== "string") continue
    const value = jsonOf(text)
    if (!isJsonObject(value))
      return { reason: `column ${name} does not hold a JSON object` }
    event[name] = value
  }
  if (event["type"] === undefined && event["event"] !== undefined)
    event["type"] = "track"
  event["messageId"] ??= rowId(file, row)
  return { event }
}

/**
 * The same of a file that tells an empty text from nothing: somebody without any id, whose
 * event stands alone, is written as an empty `userId`.
 */
export const typedEvent = (row: Row, file: string): Mapped => {
  const mapped = tableEvent(row, file)
  return mapped.event !== undefined && row.fields["userId"] === ""
    ? { event: { ...mapped.event, userId: "" } }
    : mapped
}

const jsonOf = (text: string): Json => {
  try {
    return parse(text)
  } catch {
    return null
  }
}
