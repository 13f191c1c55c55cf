import type { Json, JsonObject } from "../ExactJson.ts"
import { isJsonObject, isRawNumber } from "../ExactJson.ts"
import { Refusal } from "../segment/SegmentEvent.ts"
import { contextOf, type Kept } from "./amplitudeContext.ts"
import type { PlainEvent } from "./Protocol.ts"
import {
  idIn,
  jsonIn,
  messageIdOf,
  objectIn,
  pageOf,
  TRAITS_SUFFIX,
  type TraitChanges,
  textIn,
  traitsOf
} from "./plain.ts"

const PAGE_VIEWED = "[Amplitude] Page Viewed"
const PAGE_LOCATION = "[Amplitude] Page Location"
const PAGE_URL = "[Amplitude] Page URL"
const PAGE_TITLE = "[Amplitude] Page Title"

const noObject = new Refusal("an event must be an object")
const noName = new Refusal("event_type is required: send the event's name as a string")
const nobody = new Refusal(
  "user_id or device_id is required: send at least one of them with each event"
)
const noGroups = new Refusal(
  "groups is required for a $groupidentify: send the group's type and name"
)

const notAnObject = (field: string) =>
  new Refusal(`${field} must be an object: send names and values`)

const isAbsent = (value: Json | undefined): boolean =>
  value === undefined || value === null

/**
 * An event of Amplitude's HTTP API as events of ours: a `track` or `page`, with an
 * `identify` beside it where it carries user properties; `$identify` and
 * `$groupidentify` as `identify` and `group`.
 */
export const amplitudeEvents = (
  item: Json
): ReadonlyArray<PlainEvent> | PlainEvent | Refusal => {
  if (!isJsonObject(item)) return noObject
  const { event_type: name } = item
  if (typeof name !== "string" || name === "") return noName
  for (const field of ["event_properties", "user_properties"]) {
    const value = item[field]
    if (!isAbsent(value) && !isJsonObject(value)) return notAnObject(field)
  }
  if (name === "$groupidentify") return ofGroupIdentify(item)
  if (isAbsent(item["user_id"]) && isAbsent(item["device_id"])) return nobody
  return name === "$identify" ? ofIdentify(item) : ofEvent(item, name)
}

/** What every event that one item makes has in common. */
const sharedOf = (item: JsonObject): { readonly [name: string]: Json } => {
  const { device_id, time, user_id } = item
  return {
    ...(isAbsent(user_id) ? undefined : { userId: user_id as Json }),
    ...(isAbsent(device_id) ? undefined : { anonymousId: device_id as Json }),
    ...(isAbsent(time) ? undefined : { timestamp: time as Json })
  }
}

const idsOf = (item: JsonObject, suffix = ""): { readonly messageId?: string } => {
  const id = idIn(item["insert_id"])
  return id === undefined ? {} : { messageId: messageIdOf(id, suffix) }
}

const ofEvent = (
  item: JsonObject,
  name: string
): ReadonlyArray<PlainEvent> | PlainEvent | Refusal => {
  const sent = objectIn(item["event_properties"])
  const kept = contextOf(item)
  const shared = sharedOf(item)
  const groups = membershipsOf(item["groups"])
  const [group] = groups
  const url = textIn(sent?.[PAGE_LOCATION]) ?? textIn(sent?.[PAGE_URL])
  const page =
    url === undefined
      ? undefined
      : pageOf(url, textIn(sent?.["referrer"]), textIn(sent?.[PAGE_TITLE]))
  const properties = withRevenue(sent, kept)
  const context = page === undefined ? kept.context : { ...kept.context, page }
  const event: PlainEvent = {
    type: name === PAGE_VIEWED ? "page" : "track",
    fields: {
      ...shared,
      ...idsOf(item),
      ...(name === PAGE_VIEWED ? undefined : { event: name }),
      ...(group === undefined ? undefined : { groupType: group[0], groupId: group[1] }),
      properties:
        // An event is in one group here; of several, all are written down.
        groups.length === 1 || isEmpty(objectIn(item["groups"]) ?? {})
          ? properties
          : { ...properties, $groups: item["groups"] as Json },
      context
    }
  }
  const user = objectIn(item["user_properties"])
  if (user === undefined || isEmpty(user)) return event
  const changes = changesOf(user)
  if (changes instanceof Refusal) return changes
  const traits = traitsOf(changes)
  return [
    event,
    { type: "identify", fields: { ...shared, ...idsOf(item, TRAITS_SUFFIX), traits } }
  ]
}

const ofIdentify = (item: JsonObject): ReadonlyArray<PlainEvent> | Refusal => {
  const changes = changesOf(objectIn(item["user_properties"]) ?? {})
  if (changes instanceof Refusal) return changes
  const shared = sharedOf(item)
  const { context } = contextOf(item)
  const identify: PlainEvent = {
    type: "identify",
    fields: {
      ...shared,
      ...idsOf(item),
      traits: traitsOf(changes),
      context
    }
  }
  return [
    identify,
    ...membershipsOf(item["groups"]).map(
      ([groupType, groupId], index): PlainEvent => ({
        type: "group",
        fields: {
          ...shared,
          ...idsOf(item, index === 0 ? "$group" : `$group${index}`),
          groupType,
          groupId,
          context
        }
      })
    )
  ]
}

/** Changes what is known of groups, and makes nobody a member: the events stand alone. */
const ofGroupIdentify = (
  item: JsonObject
): ReadonlyArray<PlainEvent> | PlainEvent | Refusal => {
  const sent = item["group_properties"]
  if (!isAbsent(sent) && !isJsonObject(sent)) return notAnObject("group_properties")
  const changes = changesOf(objectIn(sent) ?? {})
  if (changes instanceof Refusal) return changes
  const groups = membershipsOf(item["groups"])
  if (groups.length === 0) return noGroups
  const { context, rest } = contextOf(item)
  const { anonymousId, timestamp, userId } = sharedOf(item)
  const traits = traitsOf(changes)
  const senders = {
    ...(userId === undefined ? undefined : { user_id: userId }),
    ...(anonymousId === undefined ? undefined : { device_id: anonymousId })
  }
  const whole = isEmpty(senders)
    ? context
    : { ...context, amplitude: { ...rest, ...senders } }
  return groups.map(([groupType, groupId], index) => ({
    type: "group",
    fields: {
      userId: "",
      ...(timestamp === undefined ? undefined : { timestamp }),
      ...idsOf(item, index === 0 ? "" : `$group${index}`),
      groupType,
      groupId,
      traits,
      context: whole
    }
  }))
}

/** `{ company: "acme", team: ["a", "b"] }` as pairs of type and name. */
const membershipsOf = (
  groups: Json | undefined
): ReadonlyArray<readonly [type: string, name: Json]> => {
  const object = objectIn(groups)
  if (object === undefined) return []
  const pairs: Array<readonly [string, Json]> = []
  for (const [type, names] of Object.entries(object))
    for (const name of Array.isArray(names) ? names : [names])
      if (type !== "" && idIn(name) !== undefined) pairs.push([type, name])
  return pairs
}

/** Operations under Amplitude's names; properties without any operation are set. */
const changesOf = (properties: JsonObject): TraitChanges | Refusal => {
  if (!Object.keys(properties).some((name) => operations.has(name)))
    return { set: properties }
  const set: Array<readonly [string, Json]> = []
  for (const [name, value] of Object.entries(properties))
    if (!operations.has(name)) set.push([name, value])
    else if (name !== "$clearAll" && !isJsonObject(value))
      return notAnObject(`user_properties.${name}`)
  const unset = objectIn(properties["$unset"])
  return {
    set: { ...Object.fromEntries(set), ...objectIn(properties["$set"]) },
    setOnce: objectIn(properties["$setOnce"]),
    add: numbersIn(objectIn(properties["$add"])),
    append: objectIn(properties["$append"]),
    prepend: objectIn(properties["$prepend"]),
    // Both insert only what is not there yet; that one does so in front is not kept.
    union: {
      ...objectIn(properties["$preInsert"]),
      ...objectIn(properties["$postInsert"])
    },
    remove: objectIn(properties["$remove"]),
    unset: unset && Object.keys(unset),
    clear: properties["$clearAll"] !== undefined
  }
}

/** What is added may be a number in quotes: it is one to Amplitude. */
const numbersIn = (sent: JsonObject | undefined): JsonObject | undefined =>
  sent &&
  Object.fromEntries(
    Object.entries(sent).map(([name, value]) => {
      const read = typeof value === "string" ? jsonIn(value) : undefined
      return [
        name,
        read !== undefined && (typeof read === "number" || isRawNumber(read))
          ? read
          : value
      ]
    })
  )

const operations: ReadonlySet<string> = new Set([
  "$set",
  "$setOnce",
  "$add",
  "$append",
  "$prepend",
  "$preInsert",
  "$postInsert",
  "$remove",
  "$unset",
  "$clearAll"
])

/**
 * The properties, with `revenue` as Amplitude counts it: price times quantity where there
 * is a price. What the client called so itself stays.
 */
const withRevenue = (
  sent: JsonObject | undefined,
  { money }: Kept
): { readonly [name: string]: Json } => {
  const price = money?.["price"] ?? sent?.["$price"]
  const given = money?.["revenue"] ?? sent?.["$revenue"]
  if (money === undefined && price === undefined && given === undefined)
    return sent ?? {}
  const quantity = money?.["quantity"] ?? sent?.["$quantity"] ?? 1
  const revenue =
    typeof price === "number" && typeof quantity === "number"
      ? // 3 × 0.1 is 0.3 to whoever pays it.
        Number((price * quantity).toPrecision(15))
      : given
  const currency = money?.["currency"] ?? sent?.["$currency"]
  return {
    ...money,
    ...(isAbsent(revenue) ? undefined : { revenue: revenue as Json }),
    ...(isAbsent(currency) ? undefined : { currency: currency as Json }),
    ...sent
  }
}

const isEmpty = (object: object): boolean => {
  for (const _ in object) return false
  return true
}
