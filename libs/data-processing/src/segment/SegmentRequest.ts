import { isJsonObject, type Json, type JsonObject, parse } from "../ExactJson.ts"
import type { EventType, InboxEvent } from "../InboxEvent.ts"
import { wellFormedJson } from "../WellFormed.ts"
import { isEventType, Refusal, type RequestFacts, readEvent } from "./SegmentEvent.ts"

export type Endpoint = EventType | "batch"

/** The last segment of a path under `/v1/`: full names, and the letters of browsers. */
export const endpoints: { readonly [segment: string]: Endpoint } = {
  track: "track",
  identify: "identify",
  page: "page",
  screen: "screen",
  group: "group",
  alias: "alias",
  batch: "batch",
  t: "track",
  i: "identify",
  p: "page",
  s: "screen",
  g: "group",
  a: "alias",
  b: "batch"
}

export interface Rejection {
  readonly index: number
  readonly messageId: string | null
  readonly reason: string
}

/** What was in a request: events to keep, and those that were refused. */
export interface Received {
  readonly events: ReadonlyArray<InboxEvent>
  readonly rejected: ReadonlyArray<Rejection>
}

/** A body as a whole: its value, or why nothing in it can be read. */
export type Body =
  | { readonly _tag: "Readable"; readonly value: JsonObject }
  | { readonly _tag: "Unreadable"; readonly reason: string }

/** Reads a body as JSON, whatever its Content-Type says. Never throws. */
export const readBody = (text: string): Body => {
  let value: Json
  try {
    value = parse(wellFormedJson(text))
  } catch {
    return { _tag: "Unreadable", reason: "the body is not JSON" }
  }
  return isJsonObject(value)
    ? { _tag: "Readable", value }
    : { _tag: "Unreadable", reason: "the body is not a JSON object" }
}

/** The events of a body, each still as the client sent it. */
export const eventsOf = (
  endpoint: Endpoint,
  body: JsonObject
): ReadonlyArray<Json> | undefined => {
  if (endpoint !== "batch") return [body]
  const batch = body["batch"]
  return Array.isArray(batch) ? batch : undefined
}

/**
 * A verdict on every event of a request. `bodyBytes` saves measuring the events of a body
 * that is itself smaller than the largest event. Never throws, whatever the client sent.
 */
export const readEvents = (
  endpoint: Endpoint,
  body: JsonObject,
  bodyBytes: number,
  request: RequestFacts
): Received => {
  const sent = eventsOf(endpoint, body) ?? []
  const facts = endpoint === "batch" ? { ...request, sentAt: body["sentAt"] } : request
  const events: Array<InboxEvent> = []
  const rejected: Array<Rejection> = []
  const measure = bodyBytes > request.maxEventBytes
  for (let index = 0; index < sent.length; index++) {
    const event = sent[index] as Json
    const verdict = verdictOn(endpoint, event, measure, facts)
    if (verdict instanceof Refusal)
      rejected.push({
        index,
        messageId: givenMessageId(event),
        reason: verdict.reason
      })
    else events.push(verdict)
  }
  return { events, rejected }
}

const verdictOn = (
  endpoint: Endpoint,
  event: Json,
  measure: boolean,
  facts: RequestFacts
): InboxEvent | Refusal => {
  if (!isJsonObject(event)) return new Refusal("an event must be an object")
  const { maxEventBytes } = facts
  if (measure && isLarger(event, maxEventBytes))
    return new Refusal(
      `the event is larger than ${maxEventBytes} bytes: send fewer or shorter properties`
    )
  const type = endpoint === "batch" ? event["type"] : endpoint
  if (!isEventType(type))
    return new Refusal(
      "type must be one of track, page, screen, identify, group, alias"
    )
  return readEvent(event, type, facts)
}

const isLarger = (event: JsonObject, limit: number): boolean => {
  try {
    const text = JSON.stringify(event)
    if (text.length > limit) return true
    return text.length > limit / 3 && Buffer.byteLength(text) > limit
  } catch {
    // Only an event that nests tens of thousands deep cannot be written.
    return true
  }
}

const givenMessageId = (event: Json): string | null => {
  const id = isJsonObject(event) ? event["messageId"] : null
  return typeof id === "string" ? id.slice(0, 200) : null
}
