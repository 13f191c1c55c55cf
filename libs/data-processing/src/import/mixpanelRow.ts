import type { Json, JsonObject } from "../ExactJson.ts"
import { mixpanelEvents } from "../protocols/mixpanelEvent.ts"
import { mixpanelPerson } from "../protocols/mixpanelProfile.ts"
import { idIn, objectIn } from "../protocols/plain.ts"
import type { Row } from "../readers/Row.ts"
import { type Mapped, rowId } from "./Mapped.ts"
import { mappedOf } from "./mappedOf.ts"

/**
 * A line of Mixpanel's raw export, `{"event", "properties"}`, as it would have come live;
 * or a profile of its Engage API, `{"$distinct_id", "$properties"}`.
 */
export const mixpanelRow = (row: Row, file: string): Mapped => {
  const item = row.fields as JsonObject
  const profile = objectIn(item["$properties"])
  if (profile !== undefined) return ofProfile(item, profile, rowId(file, row))
  const properties = objectIn(item["properties"])
  const { time = null } = properties ?? {}
  if (time === null) return { reason: "properties.time is missing" }
  const id = idIn(properties?.["$insert_id"]) ?? rowId(file, row)
  return mappedOf(
    mixpanelEvents({ ...item, properties: { ...properties, $insert_id: id } })
  )
}

/** All that is known of a person, from when they were seen last. */
const ofProfile = (item: JsonObject, profile: JsonObject, id: string): Mapped => {
  const { $distinct_id: distinctId = null } = item
  const { $last_seen: time = null } = profile
  const update: { readonly [name: string]: Json } = {
    $distinct_id: distinctId,
    $set: profile,
    ...(time === null ? undefined : { $time: time })
  }
  const mapped = mappedOf(mixpanelPerson(update))
  return mapped.event === undefined
    ? mapped
    : { event: { ...mapped.event, messageId: id } }
}
