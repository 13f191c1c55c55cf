import { isJsonObject, type Json, type JsonObject, parse } from "../ExactJson.ts"
import type { EventType } from "../InboxEvent.ts"
import { type Judged, judge } from "../protocols/judge.ts"
import type { PlainEvent, Reading } from "../protocols/Protocol.ts"
import { wellFormedJson } from "../WellFormed.ts"
import { isEventType, Refusal, type RequestFacts } from "./SegmentEvent.ts"

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

/** How the events of a body are judged: as many as there are, each by its own type. */
export const readingOf = (
  endpoint: Endpoint,
  body: JsonObject
): Pick<Reading, "items" | "eventsOf" | "sentAt"> => ({
  items: eventsOf(endpoint, body) ?? [],
  // An event says for itself when it was sent; of a batch, the batch does too.
  sentAt: endpoint === "batch" ? body["sentAt"] : undefined,
  eventsOf: endpoint === "batch" ? ofBatch : of[endpoint]
})

const ofType =
  (type: EventType) =>
  (item: Json): PlainEvent | Refusal =>
    isJsonObject(item) ? { type, fields: item } : noObject

const of: { readonly [type in EventType]: (item: Json) => PlainEvent | Refusal } = {
  track: ofType("track"),
  page: ofType("page"),
  screen: ofType("screen"),
  identify: ofType("identify"),
  group: ofType("group"),
  alias: ofType("alias")
}

const noObject = new Refusal("an event must be an object")

const ofBatch = (item: Json): PlainEvent | Refusal => {
  if (!isJsonObject(item)) return noObject
  const type = item["type"]
  return isEventType(type)
    ? { type, fields: item }
    : new Refusal("type must be one of track, page, screen, identify, group, alias")
}

/** A verdict on every event of a request. Never throws, whatever the client sent. */
export const readEvents = (
  endpoint: Endpoint,
  body: JsonObject,
  bodyBytes: number,
  request: RequestFacts
): Judged =>
  judge({ onRejected: "tell" }, readingOf(endpoint, body), bodyBytes, request, {
    receivedAt: request.receivedAt,
    visitor: () => ""
  })
