import type { Json, JsonObject } from "../ExactJson.ts"
import { isJsonObject } from "../ExactJson.ts"
import type { InboxEvent } from "../InboxEvent.ts"
import { Refusal, type RequestFacts, readEvent } from "../segment/SegmentEvent.ts"
import type { PlainEvent, ProtocolRoute, Reading, Rejected, Visit } from "./Protocol.ts"
import { messageIdOf } from "./plain.ts"

/** What was in a request: events to keep, and the items that were refused. */
export interface Judged {
  readonly events: ReadonlyArray<InboxEvent>
  readonly rejected: ReadonlyArray<Rejected>
}

/**
 * What the items of a request may grow to, in characters, by making several events each
 * that repeat most of them: an update of a thousand groups is a thousand events.
 */
const MOST_SPREAD = 16 * 1024 * 1024

/** Up to so many events of one item are not worth measuring it. */
const FEW = 3

/**
 * Levels of nesting that everybody who reads an event has the stack for. Events of 32 KiB
 * cannot have more, but those of vendors that allow larger ones can.
 */
const MOST_LEVELS = 16_384

const bottomless = new Refusal(
  `objects and lists nest more than ${MOST_LEVELS} deep: send flat properties`
)

/** Level by level, because a recursion is what it is to prevent. */
const isBottomless = (value: Json | undefined): boolean => {
  let level = value === undefined ? [] : [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) return true
    const below: Array<Json> = []
    for (const each of level)
      for (const member of Object.values(each as JsonObject))
        if (typeof member === "object" && member !== null) below.push(member)
    level = below
  }
  return false
}

/** The stored name of what is kept aside because it is no event. */
export const MALFORMED = "$malformed"

/**
 * A verdict on every item of a request: all the events that an item makes are taken, or
 * none. `bodyBytes` saves measuring the items of a body that is itself smaller than the
 * largest event. Never throws, whatever the client sent.
 */
export const judge = (
  route: Pick<ProtocolRoute, "onRejected">,
  reading: Pick<
    Reading,
    "items" | "eventsOf" | "idOf" | "sentAt" | "onRejected" | "withoutAddress" | "bytes"
  >,
  bodyBytes: number,
  request: RequestFacts,
  visit: Visit
): Judged => {
  const { eventsOf, idOf, items, sentAt, withoutAddress } = reading
  const onRejected = reading.onRejected ?? route.onRejected
  const facts =
    sentAt === undefined && withoutAddress !== true
      ? request
      : {
          ...request,
          ...(sentAt === undefined ? undefined : { sentAt }),
          ...(withoutAddress === true && { ip: undefined })
        }
  const measure = Math.max(bodyBytes, reading.bytes ?? 0) > request.maxEventBytes
  const events: Array<InboxEvent> = []
  const rejected: Array<Rejected> = []
  let spread = 0
  const unlessTooMany = (
    read: ReadonlyArray<PlainEvent> | PlainEvent | Refusal,
    item: Json
  ) => {
    if (!("length" in read) || read.length <= FEW) return read
    const grown = read.length * textOf(item).length
    if (spread + grown > MOST_SPREAD) return tooMany(read.length)
    spread += grown
    return read
  }
  for (let index = 0; index < items.length; index++) {
    const item = items[index] as Json
    const before = events.length
    const refusal =
      measure && isLarger(item, request.maxEventBytes)
        ? tooLarge(request.maxEventBytes)
        : take(unlessTooMany(eventsOf(item, visit), item), facts, events)
    if (refusal === undefined) continue
    events.length = before
    if (onRejected === "keep") events.push(malformed(item, idOf, refusal, facts))
    else
      rejected.push({
        index,
        messageId: (idOf ?? givenMessageId)(item),
        reason: refusal.reason
      })
  }
  return { events, rejected }
}

/** Adds the events of an item to `events`, or tells why one of them is refused. */
const take = (
  read: ReadonlyArray<PlainEvent> | PlainEvent | Refusal,
  facts: RequestFacts,
  events: Array<InboxEvent>
): Refusal | undefined => {
  if (read instanceof Refusal) return read
  if (!("length" in read)) return takeOne(read, facts, events)
  for (const one of read) {
    const refusal = takeOne(one, facts, events)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

const takeOne = (
  { fields, type }: PlainEvent,
  facts: RequestFacts,
  events: Array<InboxEvent>
): Refusal | undefined => {
  const event = readEvent(fields, type, facts)
  if (event instanceof Refusal) return event
  // Every fault but this one can be written down for the quarantine.
  if (event.q !== undefined && (isBottomless(event.d) || isBottomless(event.c)))
    return bottomless
  events.push(event)
  return undefined
}

/** The longest malformed item that is kept as it was sent, in characters of JSON. */
const MOST_KEPT = 64 * 1024

/** Not an event, and acknowledged all the same: kept aside for people to look at. */
const malformed = (
  item: Json,
  idOf: Reading["idOf"],
  { reason }: Refusal,
  facts: RequestFacts
): InboxEvent => {
  const { projectId, receivedAt } = facts
  const sent = textOf(item)
  const cut =
    sent.length > MOST_KEPT
      ? `; of ${sent.length} characters the first ${MOST_KEPT} are kept`
      : ""
  // By the client's id its receipt can be found; what is kept aside claims none.
  const id = idOf?.(item)
  return {
    p: projectId,
    m: id ? messageIdOf(id) : crypto.randomUUID(),
    t: receivedAt,
    r: receivedAt,
    y: "track",
    e: MALFORMED,
    d: { sent: sent.slice(0, MOST_KEPT).toWellFormed() },
    q: "malformed",
    qd: reason + cut
  }
}

/** As JSON text: a value of any depth is one string. */
const textOf = (item: Json): string => {
  try {
    return JSON.stringify(item)
  } catch {
    // Only what nests tens of thousands deep cannot be written.
    return "nested too deep to be written"
  }
}

const tooLarge = (maxEventBytes: number) =>
  new Refusal(
    `the event is larger than ${maxEventBytes} bytes: send fewer or shorter properties`
  )

const tooMany = (events: number) =>
  new Refusal(
    `the event stands for ${events} events, which together are too large: name fewer groups or ids in one event, or send smaller batches`
  )

const isLarger = (item: Json, limit: number): boolean => {
  try {
    const text = JSON.stringify(item)
    if (text.length > limit) return true
    return text.length > limit / 3 && Buffer.byteLength(text) > limit
  } catch {
    // Only an event that nests tens of thousands deep cannot be written.
    return true
  }
}

const givenMessageId = (item: Json): string | null => {
  const id = isJsonObject(item) ? (item as JsonObject)["messageId"] : null
  return typeof id === "string" ? id.slice(0, 200) : null
}
