import type { Json, JsonObject } from "../ExactJson.ts"
import type { PlainEvent, Visit } from "../protocols/Protocol.ts"
import { idIn, jsonIn, messageIdOf, objectIn, textIn } from "../protocols/plain.ts"
import { posthogEvents } from "../protocols/posthogEvent.ts"
import type { Row } from "../readers/Row.ts"
import { type Mapped, rowId } from "./Mapped.ts"
import { mappedOf } from "./mappedOf.ts"

/** A visitor without an id has the one that PostHog made for the day. */
const visit: Pick<Visit, "receivedAt" | "visitor"> = {
  receivedAt: 0,
  visitor: () => ""
}

/** Times were corrected when PostHog took the event. */
const batch = { historical: true }

/** Columns that say again what an event's own properties say, or how it was stored. */
const withoutPlace: ReadonlySet<string> = new Set([
  ..."uuid id event distinct_id properties timestamp created_at _inserted_at".split(
    " "
  ),
  ..."set set_once elements elements_chain ip team_id project_id".split(" "),
  ..."person person_id person_properties inserted_at bq_ingested_timestamp".split(" ")
])

/**
 * A row of PostHog's exports: of `events` (batch exports, and lines of the API's events)
 * as it would have come live, or of `persons`.
 */
export const posthogRow = (given: Row, file: string): Mapped => {
  const row = given.fields as JsonObject
  if (row["event"] === undefined && row["person_id"] !== undefined) return personOf(row)
  const timestamp = textIn(row["timestamp"])
  if (timestamp === undefined) return { reason: "timestamp is missing" }
  const properties = propertiesOf(row)
  if (properties === undefined) return { reason: "properties is no JSON object" }
  return mappedOf(
    posthogEvents(
      {
        event: row["event"] ?? null,
        distinct_id: row["distinct_id"] ?? null,
        uuid: idIn(row["uuid"]) ?? idIn(row["id"]) ?? rowId(file, given),
        timestamp,
        properties,
        $set: objectOf(row["set"]) ?? null,
        $set_once: objectOf(row["set_once"]) ?? null
      },
      visit,
      batch
    )
  )
}

/** With what PostHog took out of the properties, and columns that are nobody else's. */
const propertiesOf = (row: JsonObject): JsonObject | undefined => {
  const own = objectOf(row["properties"] ?? {})
  if (own === undefined) return undefined
  const added: { [name: string]: Json } = {}
  const elements = textIn(row["elements_chain"])
  if (elements !== undefined) added["$elements_chain"] = elements
  const ip = textIn(row["ip"])
  if (ip !== undefined) added["$ip"] = ip
  for (const [name, value] of Object.entries(row))
    if (value !== null && value !== "" && !withoutPlace.has(name)) added[name] = value
  return { ...added, ...own }
}

/**
 * What is known of a person by one of the ids, since they were made, so that later events
 * say it better; and that all ids of a person are one.
 */
const personOf = (row: JsonObject): Mapped => {
  const person = idIn(row["person_id"])
  const distinctId = idIn(row["distinct_id"])
  const timestamp = textIn(row["created_at"])
  if (isTrue(row["is_deleted"])) return { reason: "the person was deleted" }
  if (person === undefined || distinctId === undefined || timestamp === undefined)
    return { reason: "a person needs person_id, distinct_id and created_at" }
  const id = `${person}/${distinctId}`
  const traits = objectOf(row["properties"] ?? {}) ?? {}
  const events: ReadonlyArray<PlainEvent> = [
    {
      type: "identify",
      fields: { userId: distinctId, messageId: messageIdOf(id), timestamp, traits }
    },
    {
      type: "alias",
      fields: {
        userId: person,
        previousId: distinctId,
        messageId: messageIdOf(id, "$alias"),
        timestamp
      }
    }
  ]
  return mappedOf(events)
}

/** As JSON, CSV, Postgres and ClickHouse write it. */
const isTrue = (value: Json | undefined): boolean =>
  value === true || ["true", "t", "1"].includes(idIn(value)?.toLowerCase() ?? "")

/** Parquet and CSV hold objects as JSON text. */
const objectOf = (value: Json | undefined): JsonObject | undefined =>
  objectIn(typeof value === "string" ? jsonIn(value) : value)
