import type { Json, JsonObject } from "../ExactJson.ts"
import { amplitudeEvents } from "../protocols/amplitudeEvent.ts"
import { idIn, jsonIn, objectIn } from "../protocols/plain.ts"
import type { Row } from "../readers/Row.ts"
import { type Mapped, rowId } from "./Mapped.ts"
import { mappedOf } from "./mappedOf.ts"

/** Names of the export for what live events call otherwise. */
const names: ReadonlyMap<string, string> = new Map([
  ["ip_address", "ip"],
  ["device_carrier", "carrier"],
  ["$insert_id", "insert_id"],
  // When it happened, after Amplitude corrected the device's clock.
  ["event_time", "time"]
])

/** Objects that a table holds as JSON text. */
const objects: ReadonlySet<string> = new Set([
  "event_properties",
  "user_properties",
  "group_properties",
  "groups",
  "data",
  "plan"
])

/**
 * An event of Amplitude's export, as it would have come live. Its `user_properties` are
 * all that was known of the user by then.
 */
export const amplitudeRow = (row: Row, file: string): Mapped => {
  const named: Array<readonly [string, Json]> = []
  for (const [name, value] of Object.entries(row.fields as JsonObject))
    if (value !== null && value !== "" && !isEmpty(value))
      named.push([
        names.get(name) ?? name,
        objects.has(name) && typeof value === "string" ? objectOf(value) : value
      ])
  const item: JsonObject = Object.fromEntries(named)
  if (item["time"] === undefined) return { reason: "event_time is missing" }
  const id = idIn(item["insert_id"]) ?? idIn(item["uuid"]) ?? rowId(file, row)
  return mappedOf(amplitudeEvents({ ...item, insert_id: id }))
}

const objectOf = (text: string): Json => jsonIn(text) ?? text

const isEmpty = (value: Json): boolean => {
  const object = objectIn(value)
  return object !== undefined && Object.keys(object).length === 0
}
