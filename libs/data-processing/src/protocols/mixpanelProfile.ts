import type { Json, JsonObject } from "../ExactJson.ts"
import { isJsonObject, isRawNumber } from "../ExactJson.ts"
import { Refusal } from "../segment/SegmentEvent.ts"
import { addressIn, idsOf, inContext } from "./mixpanelEvent.ts"
import type { PlainEvent } from "./Protocol.ts"
import { idIn, objectIn, type TraitChanges, textIn, traitsOf } from "./plain.ts"

const noObject = new Refusal("an update must be an object")
const nobody = new Refusal("$distinct_id is required: send the id of the profile")
const noGroup = new Refusal(
  "$group_key and $group_id are required: send the kind of the group and its id"
)
const noChange = new Refusal(
  "an operation is required: send $set, $set_once, $add, $append, $union, $remove, $unset or $delete"
)
const noNumber = new Refusal("$add must hold numbers: send by how much each grows")

const objects = ["$set", "$set_once", "$add", "$append", "$union", "$remove"] as const

const known: ReadonlySet<string> = new Set<string>([
  ...objects,
  "$unset",
  "$delete",
  "$token",
  "$distinct_id",
  "$user_id",
  "$device_id",
  "$group_key",
  "$group_id",
  "$time",
  "$ip",
  "$latitude",
  "$longitude"
])

/** An update of a person's profile, of `/engage`, as an `identify`. */
export const mixpanelPerson = (item: Json): PlainEvent | Refusal => {
  if (!isJsonObject(item)) return noObject
  const { $device_id, $distinct_id, $user_id } = item
  if ([$distinct_id, $user_id, $device_id].every((id) => idIn(id) === undefined))
    return nobody
  const changes = changesOf(item)
  if (changes instanceof Refusal) return changes
  return {
    type: "identify",
    fields: {
      ...idsOf({
        ...($distinct_id === undefined ? undefined : { distinct_id: $distinct_id }),
        ...($user_id === undefined ? undefined : { $user_id }),
        ...($device_id === undefined ? undefined : { $device_id })
      }),
      traits: traitsOf(changes),
      ...aroundOf(item)
    }
  }
}

/** An update of a group's profile, of `/groups`: nobody becomes a member by it. */
export const mixpanelGroup = (item: Json): PlainEvent | Refusal => {
  if (!isJsonObject(item)) return noObject
  const groupType = textIn(item["$group_key"])
  const groupId = idIn(item["$group_id"])
  if (groupType === undefined || groupId === undefined) return noGroup
  const changes = changesOf(item)
  if (changes instanceof Refusal) return changes
  return {
    type: "group",
    fields: {
      userId: "",
      groupType,
      groupId,
      traits: traitsOf(changes),
      ...aroundOf(item)
    }
  }
}

const changesOf = (item: JsonObject): TraitChanges | Refusal => {
  for (const name of objects) {
    const value = item[name]
    if (value !== undefined && !isJsonObject(value))
      return new Refusal(`${name} must be an object: send names and values`)
  }
  const names = item["$unset"]
  const unset =
    typeof names === "string"
      ? [names]
      : Array.isArray(names)
        ? (names as ReadonlyArray<Json>).filter((name) => typeof name === "string")
        : undefined
  const clear = item["$delete"] !== undefined
  if (!clear && unset === undefined && objects.every((it) => item[it] === undefined))
    return noChange
  const add = numbersIn(objectIn(item["$add"]))
  if (add instanceof Refusal) return add
  return {
    set: objectIn(item["$set"]),
    setOnce: objectIn(item["$set_once"]),
    add,
    append: objectIn(item["$append"]),
    union: objectIn(item["$union"]),
    remove: objectIn(item["$remove"]),
    unset,
    clear
  }
}

/** Mixpanel's clients let numbers in quotes through. */
const numbersIn = (sent: JsonObject | undefined): JsonObject | undefined | Refusal => {
  if (sent === undefined) return undefined
  const numbers: Array<readonly [string, Json]> = []
  for (const [name, value] of Object.entries(sent)) {
    const number = typeof value === "string" ? Number.parseFloat(value) : value
    // Of more digits than a double has: kept as they are.
    const isNumber = typeof number === "number" && Number.isFinite(number)
    if (!isNumber && !isRawNumber(number)) return noNumber
    numbers.push([name, number])
  }
  return Object.fromEntries(numbers)
}

/** When and where from, and what has no other place. */
const aroundOf = (item: JsonObject): JsonObject => {
  const { $ip, $latitude, $longitude, $time } = item
  const ip = addressIn($ip)
  const rest = Object.entries(item).filter(([name]) => !known.has(name))
  const context = {
    ...(ip === undefined ? undefined : { ip }),
    ...($latitude === undefined || $longitude === undefined
      ? undefined
      : { location: { latitude: $latitude, longitude: $longitude } }),
    ...(rest.length === 0 ? undefined : { mixpanel: Object.fromEntries(rest) })
  }
  return {
    ...($time === undefined || $time === null ? undefined : { timestamp: $time }),
    ...inContext(context)
  }
}
