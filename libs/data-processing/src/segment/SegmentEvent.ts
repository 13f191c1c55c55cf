import {
  faultOf,
  isJsonObject,
  isRawNumber,
  type Json,
  type JsonObject
} from "../ExactJson.ts"
import type { EventType, InboxEvent, QuarantineReason } from "../InboxEvent.ts"
import { eventTime, instantOf, timeFault } from "../Timestamps.ts"
import { readTraits } from "./traitChanges.ts"

/** The longest messageId, in characters. */
export const MAX_MESSAGE_ID = 100

/** The longest userId, anonymousId, previousId or groupId, in bytes of UTF-8. */
export const MAX_ID_BYTES = 4096

/**
 * The longest event name, in bytes of UTF-8: names are columns of every index and answer.
 * Queries ask for names of up to so many characters; ids and texts belong into properties.
 */
export const MAX_NAME_BYTES = 1000

/** The longest groupType, in characters. Group types are a handful of words. */
export const MAX_GROUP_TYPE = 256

/** What the request says about every event in it. */
export interface RequestFacts {
  readonly projectId: number
  readonly receivedAt: number
  readonly sentAt?: Json | undefined
  /** The largest event, in bytes of JSON. */
  readonly maxEventBytes: number
  /** Of requests that a visitor's own device sent; a server's address says nothing. */
  readonly ip?: string | undefined
  readonly userAgent?: string | undefined
  /** Whether an event's own `receivedAt` is believed. */
  readonly testMode: boolean
  /** Times are taken as they are: no `sentAt` says how far a clock was off. */
  readonly historical?: boolean | undefined
}

/** Why an event was refused, and what to do about it. */
export class Refusal {
  readonly reason: string
  constructor(reason: string) {
    this.reason = reason
  }
}

const storedNames: { readonly [type in EventType]: string } = {
  track: "",
  page: "$pageview",
  screen: "$screen",
  identify: "$identify",
  group: "$group",
  alias: "$alias"
}

export const isEventType = (type: Json | undefined): type is EventType =>
  typeof type === "string" && Object.hasOwn(storedNames, type)

/**
 * One event of the Segment and RudderStack protocol as it is stored, or why it is refused.
 * An event whose times, numbers or nesting cannot be stored is accepted with a quarantine
 * reason.
 *
 * Written by hand because it runs once per event: the compiled Effect Schema of the same
 * shape took 0.15 µs where all of this takes 0.4 µs, left the conversions to be done, and
 * its issues name no remedy.
 */
export const readEvent = (
  event: JsonObject,
  type: EventType,
  facts: RequestFacts
): InboxEvent | Refusal => {
  const messageId = messageIdOf(event["messageId"])
  if (messageId instanceof Refusal) return messageId
  const userId = idOf("userId", event["userId"])
  if (userId instanceof Refusal) return userId
  const anonymousId = idOf("anonymousId", event["anonymousId"])
  if (anonymousId instanceof Refusal) return anonymousId
  if (userId === undefined && anonymousId === undefined)
    return new Refusal("userId or anonymousId is required: send at least one of them")
  const name = nameOf(type, event)
  if (name instanceof Refusal) return name
  const context = objectOf("context", event["context"])
  if (context instanceof Refusal) return context
  const properties = propertiesOf(type, event, context)
  if (properties instanceof Refusal) return properties
  const relation = relationOf(type, event, userId)
  if (relation instanceof Refusal) return relation

  const { projectId, testMode } = facts
  const given = testMode ? instantOf(event["receivedAt"]) : undefined
  const known = given === undefined || Number.isNaN(given) ? undefined : given
  const receivedAt = known ?? facts.receivedAt
  const time = eventTime(
    {
      timestamp: event["timestamp"],
      originalTimestamp: event["originalTimestamp"],
      sentAt: facts.historical ? undefined : (event["sentAt"] ?? facts.sentAt)
    },
    receivedAt
  )
  const fault =
    timeFault(time, receivedAt) ??
    (properties && faultOf(properties)) ??
    (context && faultOf(context))
  const ip = context?.["ip"]
  return {
    p: projectId,
    m: messageId,
    // Kept even where it cannot be stored: a replay judges it again.
    t: Number.isNaN(time) ? receivedAt : time,
    r: receivedAt,
    ...(known === undefined ? undefined : { k: known }),
    y: type,
    e: name,
    ...(userId ? { u: userId } : undefined),
    ...(anonymousId ? { a: anonymousId } : undefined),
    ...relation,
    ...(properties === undefined ? undefined : { d: properties }),
    ...(context === undefined ? undefined : { c: context }),
    ...(typeof ip === "string" && ip !== ""
      ? { ip }
      : facts.ip === undefined
        ? undefined
        : { ip: facts.ip }),
    ...(facts.userAgent === undefined ? undefined : { ua: facts.userAgent }),
    ...(fault === undefined ? undefined : { q: fault, qd: detailOf(fault, event) })
  }
}

const messageIdOf = (value: Json | undefined): string | Refusal => {
  if (value === undefined || value === null || value === "") return crypto.randomUUID()
  const id = typeof value === "string" ? value : decimal(value)
  if (id === undefined) return new Refusal("messageId must be a string: quote it")
  if (id.includes("\0"))
    return new Refusal("messageId must not contain NUL characters: remove them")
  if (id.length > MAX_MESSAGE_ID && [...id].length > MAX_MESSAGE_ID)
    return new Refusal(
      `messageId is longer than ${MAX_MESSAGE_ID} characters: send a shorter one, such as a UUID`
    )
  return id
}

/** `undefined` when absent. The empty string is an id that was sent, and a placeholder. */
const idOf = (field: string, value: Json | undefined): string | undefined | Refusal => {
  if (value === undefined || value === null) return undefined
  const id = typeof value === "string" ? value : decimal(value)
  if (id === undefined)
    return new Refusal(`${field} must be a string or a number: send the id itself`)
  if (id.includes("\0"))
    return new Refusal(`${field} must not contain NUL characters: remove them`)
  if (id.length > MAX_ID_BYTES / 3 && Buffer.byteLength(id) > MAX_ID_BYTES)
    return new Refusal(
      `${field} is longer than ${MAX_ID_BYTES} bytes: send a shorter id, such as its hash`
    )
  return id
}

/** A number as an id: its decimal digits, whether or not a double can hold them. */
const decimal = (value: Json): string | undefined =>
  typeof value === "number"
    ? String(value)
    : isRawNumber(value)
      ? value.rawJSON
      : undefined

const nameOf = (type: EventType, event: JsonObject): string | Refusal => {
  if (type !== "track") return storedNames[type]
  const name = event["event"]
  if (typeof name !== "string" || name === "")
    return new Refusal(
      "event is required for a track: send the event's name as a string"
    )
  return name.length > MAX_NAME_BYTES / 3 && Buffer.byteLength(name) > MAX_NAME_BYTES
    ? new Refusal(
        `event is longer than ${MAX_NAME_BYTES} bytes: send a short name and put what differs into properties`
      )
    : name
}

const objectOf = (
  field: string,
  value: Json | undefined
): JsonObject | undefined | Refusal => {
  if (value === undefined || value === null) return undefined
  return isJsonObject(value)
    ? value
    : new Refusal(`${field} must be an object: send names and values`)
}

const propertiesOf = (
  type: EventType,
  event: JsonObject,
  context: JsonObject | undefined
): JsonObject | undefined | Refusal => {
  if (type === "identify" || type === "group") {
    // RudderStack's browser client puts the traits of an identify into the context only.
    const fallback = type === "identify" ? context?.["traits"] : undefined
    const traits = objectOf("traits", event["traits"] ?? fallback)
    if (traits === undefined || traits instanceof Refusal) return traits
    const read = readTraits(traits)
    return typeof read === "string" ? new Refusal(read) : read
  }
  const properties = objectOf("properties", event["properties"])
  if (properties instanceof Refusal || (type !== "page" && type !== "screen"))
    return properties
  const { name, category } = event
  const named = name !== undefined && name !== null
  const filed = category !== undefined && category !== null
  if (!named && !filed) return properties
  return { ...properties, ...(named && { name }), ...(filed && { category }) }
}

/** What an alias or a group points at. */
const relationOf = (
  type: EventType,
  event: JsonObject,
  userId: string | undefined
): Pick<InboxEvent, "v" | "g" | "gt"> | undefined | Refusal => {
  if (type === "alias") {
    const previousId = idOf("previousId", event["previousId"])
    if (previousId instanceof Refusal) return previousId
    return previousId === undefined || userId === undefined
      ? new Refusal("an alias needs previousId and userId: send both")
      : { v: previousId }
  }
  // A track may name the group it happened in, as PostHog's and Segment's clients do.
  const groupId = idOf("groupId", event["groupId"] ?? undefined)
  if (groupId instanceof Refusal) return groupId
  if (type === "group" && (groupId === undefined || groupId === ""))
    return new Refusal("groupId is required for a group: send the group's id")
  if (groupId === undefined) return undefined
  const groupType = event["groupType"]
  if (typeof groupType !== "string" || groupType === "")
    return { g: groupId, gt: "default" }
  return groupType.length > MAX_GROUP_TYPE
    ? new Refusal(
        `groupType is longer than ${MAX_GROUP_TYPE} characters: send the kind of the group and put the rest into traits`
      )
    : { g: groupId, gt: groupType }
}

const detailOf = (fault: QuarantineReason, event: JsonObject): string => {
  if (fault === "number_out_of_range")
    return "a number has more than 64 bits or is beyond the range of a double"
  if (fault === "nesting_too_deep") return "objects and lists nest more than 32 deep"
  const time = event["timestamp"] ?? event["originalTimestamp"]
  // In test mode a `receivedAt` before 1970 may be at fault, with no timestamp at all.
  return `timestamp ${JSON.stringify(time ?? null).slice(0, 100)}`
}
