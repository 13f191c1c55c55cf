import type { Json, JsonObject } from "../ExactJson.ts"
import { isJsonObject } from "../ExactJson.ts"
import { Refusal } from "../segment/SegmentEvent.ts"
import type { PlainEvent } from "./Protocol.ts"
import { idIn, messageIdOf, objectIn, pageOf, textIn } from "./plain.ts"

type Fields = { [name: string]: Json }

const DEVICE = "$device:"
const PAGE_VIEW = "$mp_web_page_view"

const noObject = new Refusal("an event must be an object")
const noName = new Refusal("event is required: send the event's name as a string")
const noProperties = new Refusal("properties must be an object: send names and values")
const noIds = new Refusal("$distinct_ids is required: send the two ids that are one")
const noAlias = new Refusal("alias is required: send the new id of distinct_id")
const noUser = new Refusal("$identified_id is required: send the id of the user")

/** The context's part and name for properties of Mixpanel's that Segment has words for. */
const places: ReadonlyMap<string, readonly [part: string, name: string]> = new Map([
  ["$os", ["os", "name"]],
  ["$os_version", ["os", "version"]],
  ["$app_version_string", ["app", "version"]],
  ["$app_build_number", ["app", "build"]],
  ["$brand", ["device", "brand"]],
  ["$manufacturer", ["device", "manufacturer"]],
  ["$model", ["device", "model"]],
  ["$carrier", ["network", "carrier"]],
  ["$wifi", ["network", "wifi"]],
  ["$screen_width", ["screen", "width"]],
  ["$screen_height", ["screen", "height"]],
  ["$city", ["location", "city"]],
  ["$region", ["location", "region"]],
  ["mp_country_code", ["location", "country"]],
  ["mp_lib", ["library", "name"]],
  ["$lib_version", ["library", "version"]]
])

/** Read elsewhere. */
const known: ReadonlySet<string> = new Set([
  "token",
  "time",
  "distinct_id",
  "$device_id",
  "$user_id",
  "$insert_id"
])

/** What an event says of its device and page, and the properties that are left. */
interface Sorted {
  readonly context: JsonObject
  readonly properties: JsonObject
}

/**
 * An event of Mixpanel's `/track` and `/import`, and a row of its export. Events that
 * only tell of ids, `$identify`, `$create_alias` and `$merge`, are `identify` and `alias`.
 */
export const mixpanelEvents = (
  item: Json
): ReadonlyArray<PlainEvent> | PlainEvent | Refusal => {
  if (!isJsonObject(item)) return noObject
  const { event: name, properties: sent = null } = item
  if (typeof name !== "string" || name === "") return noName
  if (sent !== null && !isJsonObject(sent)) return noProperties
  const properties = objectIn(sent) ?? {}
  const insertId = idIn(properties["$insert_id"])
  const { context, properties: left } = sort(properties)
  const { time = null } = properties
  const shared = {
    ...(time === null ? undefined : { timestamp: time }),
    ...(insertId === undefined ? undefined : { messageId: messageIdOf(insertId) }),
    ...inContext(context)
  }
  if (name === "$identify") return ofIdentify(properties, shared, left)
  if (name === "$create_alias") return ofAlias(properties, shared, left)
  if (name === "$merge") return ofMerge(properties, shared, left)
  const ids = idsOf(properties)
  const fields = {
    ...ids,
    ...shared,
    properties: withDistinctId(left, properties, ids)
  }
  return name === PAGE_VIEW
    ? { type: "page", fields }
    : { type: "track", fields: { ...fields, event: name } }
}

/**
 * Who an event is of. `distinct_id` is the user's id, or names a device: by its prefix,
 * or because `$device_id` says the same. Without any id the event stands alone.
 */
export const idsOf = (properties: JsonObject): JsonObject => {
  const distinct = idIn(properties["distinct_id"])
  const userId = idIn(properties["$user_id"])
  const deviceId = idIn(properties["$device_id"])
  const onDevice =
    distinct !== undefined &&
    (distinct.startsWith(DEVICE) || (userId === undefined && distinct === deviceId))
  const user = userId ?? (onDevice ? undefined : distinct)
  const device = deviceId ?? (onDevice ? withoutPrefix(distinct) : undefined)
  if (user === undefined && device === undefined) return { userId: "" }
  return {
    ...(user === undefined ? undefined : { userId: user }),
    ...(device === undefined ? undefined : { anonymousId: withoutPrefix(device) })
  }
}

/** A `distinct_id` that is neither the user nor the device is a property like others. */
const withDistinctId = (
  left: JsonObject,
  { distinct_id: distinct = null }: JsonObject,
  { anonymousId, userId }: JsonObject
): JsonObject => {
  const id = idIn(distinct)
  return distinct === null ||
    distinct === "" ||
    id === userId ||
    (id !== undefined && withoutPrefix(id) === anonymousId)
    ? left
    : { ...left, distinct_id: distinct }
}

const withoutPrefix = (id: string): string =>
  id.startsWith(DEVICE) ? id.slice(DEVICE.length) : id

const ofIdentify = (
  properties: JsonObject,
  shared: JsonObject,
  left: JsonObject
): PlainEvent | Refusal => {
  const user =
    idIn(properties["$identified_id"]) ??
    idIn(properties["$user_id"]) ??
    idIn(properties["distinct_id"])
  if (user === undefined) return noUser
  const { anonymousId, before } = anonymousOf(properties)
  return {
    type: "identify",
    fields: {
      ...shared,
      userId: user,
      ...(anonymousId === undefined ? undefined : { anonymousId }),
      traits: {},
      ...besides(shared, left, before)
    }
  }
}

/**
 * Who somebody was until now. The clients call the id before `$anon_distinct_id` whatever
 * it is: if it is not the device's, it is the user who was there before, and nobody's
 * anonymous id.
 */
const anonymousOf = (
  properties: JsonObject
): {
  readonly anonymousId?: string | undefined
  readonly before?: string | undefined
} => {
  const given = idIn(properties["$anon_id"])
  if (given !== undefined) return { anonymousId: withoutPrefix(given) }
  const before = idIn(properties["$anon_distinct_id"])
  const deviceId = idIn(properties["$device_id"])
  const device = deviceId === undefined ? undefined : withoutPrefix(deviceId)
  if (before === undefined) return { anonymousId: device }
  const anonymous = withoutPrefix(before)
  return device === undefined || before.startsWith(DEVICE) || anonymous === device
    ? { anonymousId: anonymous }
    : { anonymousId: device, before }
}

/** The context with what an event that tells of ids says beside: that is no trait. */
const besides = (
  shared: JsonObject,
  left: JsonObject,
  before?: string | undefined
): JsonObject => {
  const rest = Object.entries(left).filter(([name]) => !identifying.has(name))
  if (before !== undefined) rest.push(["$anon_distinct_id", before])
  return rest.length === 0
    ? {}
    : {
        context: {
          ...objectIn(shared["context"]),
          mixpanel: Object.fromEntries(rest)
        }
      }
}

const identifying: ReadonlySet<string> = new Set([
  "$identified_id",
  "$anon_id",
  "$anon_distinct_id",
  "$distinct_ids",
  "alias"
])

/** `alias` is what `distinct_id` is called from now on. */
const ofAlias = (
  properties: JsonObject,
  shared: JsonObject,
  left: JsonObject
): PlainEvent | Refusal => {
  const alias = idIn(properties["alias"])
  const previous = idIn(properties["distinct_id"])
  if (alias === undefined || previous === undefined) return noAlias
  return {
    type: "alias",
    fields: {
      ...shared,
      ...besides(shared, left),
      userId: withoutPrefix(alias),
      previousId: withoutPrefix(previous)
    }
  }
}

/** Each of the ids is one person with the last of them. */
const ofMerge = (
  properties: JsonObject,
  shared: JsonObject,
  left: JsonObject
): ReadonlyArray<PlainEvent> | Refusal => {
  const insertId = idIn(properties["$insert_id"])
  const sent = properties["$distinct_ids"]
  const ids = (Array.isArray(sent) ? (sent as ReadonlyArray<Json>) : []).flatMap(
    (id) => {
      const text = idIn(id)
      return text === undefined ? [] : [withoutPrefix(text)]
    }
  )
  const last = ids.at(-1)
  if (last === undefined || ids.length < 2) return noIds
  const beside = besides(shared, left)
  return ids.slice(0, -1).map((previousId, index) => ({
    type: "alias",
    fields: {
      ...shared,
      ...beside,
      ...(insertId === undefined || index === 0
        ? undefined
        : { messageId: messageIdOf(insertId, `$merge${index}`) }),
      userId: last,
      previousId
    }
  }))
}

const sort = (sent: JsonObject): Sorted => {
  const context: Fields = {}
  const parts: { [part: string]: Fields } = {}
  // Names are the client's: without a prototype, `__proto__` is one like all others.
  const properties: Fields = Object.create(null)
  for (const name in sent) {
    if (known.has(name)) continue
    const value = sent[name] as Json
    const place = places.get(name)
    const isAddress = name === "ip" || name === "$ip"
    if (isAddress && addressIn(value) !== undefined) context["ip"] ??= value
    else if (place === undefined || value === null) properties[name] = value
    else {
      const [part, field] = place
      parts[part] ??= {}
      parts[part][field] = value
    }
  }
  const url = textIn(sent["$current_url"])
  const page =
    url === undefined
      ? undefined
      : pageOf(url, referrerIn(sent["$referrer"]), textIn(sent["current_page_title"]))
  if (page !== undefined) context["page"] = page
  return { context: Object.assign(context, parts), properties }
}

/** "$direct" says that there is none. */
const referrerIn = (value: Json | undefined): string | undefined =>
  value === "$direct" ? undefined : textIn(value)

/** The field `context`, unless there is nothing in it. */
export const inContext = (context: JsonObject): JsonObject => {
  for (const _ in context) return { context }
  return {}
}

/** Mixpanel's clients send `0` or `1` in its place to say whether to look it up. */
export const addressIn = (value: Json | undefined): string | undefined =>
  typeof value === "string" && /[.:]/.test(value) ? value : undefined
