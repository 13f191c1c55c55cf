import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"
import { Refusal } from "../segment/SegmentEvent.ts"
import type { PlainEvent, Visit } from "./Protocol.ts"
import { idIn, messageIdOf, objectIn, TRAITS_SUFFIX, textIn } from "./plain.ts"
import { contextOf, type Fields, userAgentOf } from "./posthogContext.ts"
import { someIn, traitsIn, withChanges } from "./posthogTraits.ts"

/** What a request of PostHog's says about every event in it. */
export interface PosthogBatch {
  /** When it was sent, by the clock of the client. */
  readonly sentAt?: Json | undefined
  /** Times are what they say, whatever `sentAt` is. */
  readonly historical: boolean
  /** `context.library`, where the request names it once for all events. */
  readonly library?: JsonObject | undefined
}

const none: JsonObject = {}

/** What browsers send as `distinct_id` when they keep nothing on the device. */
const COOKIELESS = "$posthog_cookieless"

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const noEvent = new Refusal("an event must be an object: send event and distinct_id")
const noName = new Refusal("event is required: send the event's name as a string")
const noId = new Refusal("distinct_id is required: send a string that is not empty")

/**
 * One event of PostHog's, as its clients send it and its exports hold it. Its properties
 * stay as they were sent; what they mean to PostHog is said a second time in our words.
 */
export const posthogEvents = (
  item: Json,
  visit: Pick<Visit, "receivedAt" | "visitor">,
  batch: PosthogBatch
): ReadonlyArray<PlainEvent> | PlainEvent | Refusal => {
  if (!isJsonObject(item)) return noEvent
  const name = textIn(item["event"])
  if (name === undefined) return noName
  const given = item["properties"] ?? none
  if (!isJsonObject(given))
    return new Refusal("properties must be an object: send names and values")
  const distinctId = idIn(item["distinct_id"]) ?? idIn(given["distinct_id"])
  if (distinctId === undefined) return noId

  const fields: Fields = {}
  nameVisitor(fields, distinctId, given, visit)
  setTimes(fields, item, given, visit, batch)
  const id = uuidIn(item)
  if (id !== undefined) fields["messageId"] = messageIdOf(id)

  switch (name) {
    case "$identify":
    case "$set":
      return identified(fields, item, given, visit, batch)
    case "$create_alias":
    case "$merge_dangerously":
      return aliased(fields, distinctId, id, item, given, batch)
    case "$groupidentify":
      return grouped(fields, distinctId, item, given, batch)
    case "$pageview":
      return happened("page", fields, id, item, given, batch)
    case "$screen": {
      const screen = textIn(given["$screen_name"])
      if (screen !== undefined) fields["name"] = screen
      return happened("screen", fields, id, item, given, batch)
    }
    default:
      fields["event"] = name
      return happened("track", fields, id, item, given, batch)
  }
}

/** Its id, without the capitals that iOS writes: PostHog's exports have none. */
export const uuidIn = (item: JsonObject): string | undefined => {
  const id = idIn(item["uuid"])
  return id !== undefined && uuid.test(id) ? id.toLowerCase() : id
}

/** A device's own id is an `anonymousId`; every other id says who it is. */
const nameVisitor = (
  fields: Fields,
  distinctId: string,
  given: JsonObject,
  visit: Pick<Visit, "visitor">
): void => {
  if (distinctId === COOKIELESS) fields["anonymousId"] = cookieless(given, visit)
  else if (isAnonymous(distinctId, given)) fields["anonymousId"] = distinctId
  else fields["userId"] = distinctId
}

const isAnonymous = (distinctId: string, given: JsonObject): boolean => {
  const identified = given["$is_identified"]
  return (
    identified === false ||
    (identified !== true && given["$device_id"] === distinctId) ||
    // A server makes up a UUID for who has no id.
    (given["$process_person_profile"] === false && uuid.test(distinctId))
  )
}

const cookieless = (given: JsonObject, visit: Pick<Visit, "visitor">): string =>
  visit.visitor(textIn(given["$host"]) ?? "", {
    ip: textIn(given["$ip"]),
    userAgent: userAgentOf(given)
  })

const setTimes = (
  fields: Fields,
  item: JsonObject,
  given: JsonObject,
  visit: Pick<Visit, "receivedAt">,
  batch: PosthogBatch
): void => {
  const timestamp = item["timestamp"] ?? null
  const offset = item["offset"]
  if (timestamp !== null && timestamp !== "") {
    fields["timestamp"] = timestamp
    if (batch.historical || given["$ignore_sent_at"] === true) return
    const sentAt = item["sent_at"] ?? batch.sentAt
    if (sentAt !== undefined) fields["sentAt"] = sentAt
  } else if (typeof offset === "number")
    // Milliseconds from the event until it was sent, which is now.
    fields["timestamp"] = visit.receivedAt - offset
}

/** Something that happened, and beside it the traits that it changes. */
const happened = (
  type: "track" | "page" | "screen",
  fields: Fields,
  id: string | undefined,
  item: JsonObject,
  given: JsonObject,
  batch: PosthogBatch
): ReadonlyArray<PlainEvent> | PlainEvent => {
  // Such an event makes no profile, so that there is none to change.
  const isPersonless = given["$process_person_profile"] === false
  const traits = isPersonless ? undefined : traitsIn(item, given)
  const beside = traits && whoseTraits(fields, traits, id)
  const groups = objectIn(given["$groups"])
  if (groups !== undefined) setGroup(fields, groups)
  fields["properties"] = isPersonless ? withChanges(item, given) : given
  const context = contextOf(given, batch.library)
  if (context !== undefined) fields["context"] = context
  const event: PlainEvent = { type, fields }
  return beside === undefined ? event : [event, { type: "identify", fields: beside }]
}

/** The same person at the same time, without what happened. */
const whoseTraits = (
  { event: _, name: __, ...whose }: Fields,
  traits: JsonObject,
  id: string | undefined
): Fields => ({
  ...whose,
  traits,
  ...(id === undefined ? none : { messageId: messageIdOf(id, TRAITS_SUFFIX) })
})

/** The first group; all of them stay in the properties. */
const setGroup = (fields: Fields, groups: JsonObject): void => {
  for (const type in groups) {
    const id = idIn(groups[type])
    if (id === undefined) continue
    fields["groupType"] = type
    fields["groupId"] = id
    return
  }
}

const identified = (
  fields: Fields,
  item: JsonObject,
  given: JsonObject,
  visit: Pick<Visit, "visitor">,
  batch: PosthogBatch
): PlainEvent => {
  const anonymous = idIn(given["$anon_distinct_id"])
  if (anonymous !== undefined && fields["userId"] !== undefined)
    fields["anonymousId"] =
      anonymous === COOKIELESS ? cookieless(given, visit) : anonymous
  const traits = traitsIn(item, given)
  if (traits !== undefined) fields["traits"] = traits
  const { $set, $set_once, $unset, ...rest } = given
  setContext(fields, given, rest, batch)
  return { type: "identify", fields }
}

const aliased = (
  fields: Fields,
  distinctId: string,
  id: string | undefined,
  item: JsonObject,
  given: JsonObject,
  batch: PosthogBatch
): ReadonlyArray<PlainEvent> | PlainEvent => {
  // Whoever it is known by, both ids are one person from here on.
  const userId = fields["userId"] ?? fields["anonymousId"] ?? distinctId
  const { anonymousId: _, ...others } = fields
  const alias = idIn(given["alias"])
  const context = contextOf(given, batch.library)
  const event: PlainEvent = {
    type: "alias",
    fields: {
      ...others,
      userId,
      ...(alias === undefined ? none : { previousId: alias }),
      properties: given,
      ...(context === undefined ? none : { context })
    }
  }
  const traits = traitsIn(item, given)
  return traits === undefined
    ? event
    : [event, { type: "identify", fields: whoseTraits(fields, traits, id) }]
}

const grouped = (
  fields: Fields,
  distinctId: string,
  item: JsonObject,
  given: JsonObject,
  batch: PosthogBatch
): PlainEvent => {
  const { $group_key, $group_set, $group_type, ...rest } = given
  const type = textIn($group_type)
  const key = idIn($group_key)
  // Servers make up a person of this name when nobody in particular sets it.
  if (distinctId === `$${type}_${key}`) fields["userId"] = ""
  if (type !== undefined) fields["groupType"] = type
  if (key !== undefined) fields["groupId"] = key
  const traits = objectIn($group_set)
  if (traits !== undefined) fields["traits"] = traits
  // What the event changes of a person counts for nobody, as with PostHog.
  setContext(fields, given, withChanges(item, rest), batch)
  return { type: "group", fields }
}

/** Traits have no place for properties: they are kept in the context. */
const setContext = (
  fields: Fields,
  given: JsonObject,
  rest: JsonObject,
  batch: PosthogBatch
): void => {
  const properties = someIn(rest)
  const context = contextOf(given, batch.library)
  if (properties !== undefined) fields["context"] = { ...context, properties }
  else if (context !== undefined) fields["context"] = context
}
