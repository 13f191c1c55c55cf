import type { Json, JsonObject } from "../ExactJson.ts"
import { objectIn } from "./plain.ts"

type Fields = { [name: string]: Json }

/** What an event says beside its name, people, properties and time. */
export interface Kept {
  /** In Segment's words where there are such; the rest under `amplitude`. */
  readonly context: JsonObject
  /** What has no place of its own, by Amplitude's names. */
  readonly rest: JsonObject
  /** `price`, `quantity`, `revenue`, `productId` … of the event itself. */
  readonly money: JsonObject | undefined
}

/** The part of the context, and the name in it, of Amplitude's fields. */
const places: ReadonlyMap<string, readonly [part: string, name: string]> = new Map([
  ["app_version", ["app", "version"]],
  ["version_name", ["app", "version"]],
  ["os_name", ["os", "name"]],
  ["os_version", ["os", "version"]],
  ["platform", ["device", "type"]],
  ["device_brand", ["device", "brand"]],
  ["device_manufacturer", ["device", "manufacturer"]],
  ["device_model", ["device", "model"]],
  ["idfv", ["device", "id"]],
  ["android_id", ["device", "id"]],
  ["idfa", ["device", "advertisingId"]],
  ["adid", ["device", "advertisingId"]],
  ["carrier", ["network", "carrier"]],
  ["country", ["location", "country"]],
  ["region", ["location", "region"]],
  ["city", ["location", "city"]],
  ["location_lat", ["location", "latitude"]],
  ["location_lng", ["location", "longitude"]]
])

const single: ReadonlyMap<string, string> = new Map([
  ["language", "locale"],
  ["user_agent", "userAgent"]
])

/** Read elsewhere, as far as an event of its kind has them. */
const known: ReadonlySet<string> = new Set([
  "event_type",
  "user_id",
  "device_id",
  "time",
  "insert_id",
  "event_properties",
  "user_properties"
])

const priced: ReadonlySet<string> = new Set([
  "price",
  "quantity",
  "revenue",
  "productId",
  "revenueType",
  "currency",
  "receipt",
  "receiptSig"
])

/**
 * Where an event came from, and all that has no other place. Two fields for one place,
 * such as `app_version` and `version_name`, are both kept: the second under `amplitude`.
 */
export const contextOf = (event: JsonObject): Kept => {
  const context: Fields = {}
  const parts: { [part: string]: Fields } = {}
  // Names are the client's: without a prototype, `__proto__` is one like all others.
  const rest: Fields = Object.create(null)
  let money: Fields | undefined
  const properties = objectIn(event["event_properties"])
  const { event_type: type } = event
  const isIdentify = type === "$identify" || type === "$groupidentify"
  for (const name in event) {
    if (known.has(name)) continue
    const value = event[name]
    if (value === undefined || value === null || value === "") continue
    const place = places.get(name)
    if (place !== undefined) {
      const [part, field] = place
      parts[part] ??= {}
      const fields = parts[part]
      if (Object.hasOwn(fields, field)) rest[name] = value
      else fields[field] = value
    } else if (single.has(name)) context[single.get(name) as string] = value
    else if (priced.has(name)) {
      // What the client called the same in its own properties stays there.
      const taken = properties !== undefined && Object.hasOwn(properties, name)
      if (taken || isIdentify) rest[name] = value
      else {
        money ??= {}
        money[name] = value
      }
    } else if (name === "ip") {
      // "$remote" asks for the address of the connection.
      if (typeof value !== "string") rest[name] = value
      else if (value !== "$remote") context["ip"] = value
    } else if (name === "session_id") {
      // -1 says that there is none.
      if (value !== -1) context["sessionId"] = value
    } else if (name === "library") context["library"] = libraryOf(value)
    else if (name === "groups") {
      if (objectIn(value) === undefined) rest[name] = value
    } else if (name === "group_properties") {
      if (type !== "$groupidentify" && !isEmpty(value)) rest[name] = value
    } else rest[name] = value
  }
  if (isIdentify && properties !== undefined && !isEmpty(properties))
    rest["event_properties"] = properties
  const traits = type === "$groupidentify" ? event["user_properties"] : undefined
  if (traits !== undefined && !isEmpty(traits)) rest["user_properties"] = traits
  Object.assign(context, parts)
  for (const _ in rest) {
    context["amplitude"] = rest
    break
  }
  return { context, rest, money }
}

/** `amplitude-node-ts/1.5.73`. */
const libraryOf = (value: Json): Json => {
  if (typeof value !== "string") return value
  const at = value.indexOf("/")
  return at === -1
    ? { name: value }
    : { name: value.slice(0, at), version: value.slice(at + 1) }
}

const isEmpty = (value: Json): boolean => {
  const object = objectIn(value)
  return object !== undefined && Object.keys(object).length === 0
}
