import { gunzipSync } from "node:zlib"
import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"
import { amplitudeReading, amplitudeRefusal } from "./amplitude.ts"
import type {
  ProtocolAnswer,
  ProtocolRequest,
  ProtocolRoute,
  Reading,
  RefusedRequest,
  Unreadable
} from "./Protocol.ts"
import { idIn, jsonIn, objectIn, textIn, unescaped } from "./plain.ts"
import { posthogEvents } from "./posthogEvent.ts"

/** Bytes of one event, and of a body, as PostHog takes them. */
const MAX_EVENT = 1024 * 1024
export const MAX_BODY = 4 * 1024 * 1024

export const unreadable = (reason: string): Unreadable => ({
  _tag: "Unreadable",
  reason
})

/**
 * How much larger than its Base64 JSON is taken for: what is packed inside of a body or a
 * URL was not counted when it came, and nobody may know yet whose it is.
 */
const MOST_RATIO = 32
const MOST_PACKED_TWICE = 64 * 1024

const none: JsonObject = {}

/** The clients take nothing but exactly this status for taken, and read no more of it. */
const done: ProtocolAnswer = { status: 200, body: `{"status":"Ok"}` }

/** `token` or `api_key` of the query. */
export const tokenOf = (_: Headers, query: URLSearchParams): ReadonlyArray<string> =>
  [query.get("token"), query.get("api_key")].filter(
    (key): key is string => key !== null && key !== ""
  )

/** The project's key in a body, or in the first of its events. */
export const tokensIn = (
  body: JsonObject,
  items: ReadonlyArray<Json>
): ReadonlyArray<string> => {
  const own = textIn(body["api_key"]) ?? textIn(body["token"])
  if (own !== undefined) return [own]
  const [first] = items
  if (first === undefined || !isJsonObject(first)) return []
  const properties = first["properties"]
  const key =
    textIn(first["api_key"]) ??
    textIn(first["token"]) ??
    (properties !== undefined && isJsonObject(properties)
      ? textIn(properties["token"])
      : undefined)
  return key === undefined ? [] : [key]
}

/**
 * What a body or a query holds: JSON, a form whose `data` is JSON or its Base64, or Base64
 * alone; packed once more where the text inside starts like gzip.
 */
export const sentIn = ({
  body,
  method,
  query
}: Pick<ProtocolRequest, "body" | "method" | "query">): Json | undefined => {
  if (method === "GET") {
    const data = query.get("data")
    return data === null ? undefined : looselyIn(data)
  }
  const start = body.trimStart()[0]
  if (start === "{" || start === "[") return jsonIn(body)
  const data = /(?:^|&)data=([^&]*)/.exec(body)?.[1]
  return looselyIn(data === undefined ? body.trim() : unescaped(data))
}

const looselyIn = (text: string): Json | undefined => {
  const start = text.trimStart()[0]
  if (start === "{" || start === "[") return jsonIn(text)
  // A plus that was not escaped is a blank in a form.
  let bytes: Uint8Array = Buffer.from(text.replaceAll(" ", "+"), "base64")
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    try {
      bytes = gunzipSync(bytes, {
        maxOutputLength: Math.min(
          MAX_BODY,
          MOST_PACKED_TWICE + MOST_RATIO * text.length
        )
      })
    } catch {
      return undefined
    }
  return jsonIn(new TextDecoder().decode(bytes))
}

/** One event, a list of them, or an envelope around a list. */
const itemsOf = (sent: Json): ReadonlyArray<Json> | undefined => {
  if (Array.isArray(sent)) return sent
  if (!isJsonObject(sent)) return undefined
  const batch = sent["batch"]
  if (batch === undefined) return [sent]
  return Array.isArray(batch) ? batch : undefined
}

const read = (request: ProtocolRequest): Reading | Unreadable =>
  measured(request, readSent(sentIn(request), request.query))

/** What is not JSON as it came may hold more than its own bytes. */
const measured = (
  { body, method }: ProtocolRequest,
  reading: Reading | Unreadable
): Reading | Unreadable => {
  const start = body.trimStart()[0]
  return reading._tag === "Unreadable" ||
    (method === "POST" && (start === "{" || start === "["))
    ? reading
    : { ...reading, bytes: MAX_BODY }
}

const readSent = (
  sent: Json | undefined,
  query: URLSearchParams
): Reading | Unreadable => {
  if (sent === undefined)
    return unreadable("the body must be JSON, or a form with JSON or Base64 as data")
  const items = itemsOf(sent)
  if (items === undefined)
    return unreadable("the body must be an event, a list of events, or have a batch")
  return readingOf(sent, items, query)
}

/** `/batch` is Amplitude's too, whose events are under another name. */
const readBatch = (request: ProtocolRequest): Reading | Unreadable => {
  const sent = sentIn(request)
  const amplitude =
    sent !== undefined && isJsonObject(sent) && sent["batch"] === undefined
      ? amplitudeReading(sent, request.bytes)
      : undefined
  return amplitude ?? measured(request, readSent(sent, request.query))
}

const readingOf = (
  sent: Json,
  items: ReadonlyArray<Json>,
  query: URLSearchParams
): Reading => {
  const envelope = isJsonObject(sent) ? sent : none
  const batch = {
    historical: envelope["historical_migration"] === true,
    sentAt: envelope["sent_at"] ?? query.get("sent_at") ?? query.get("_") ?? undefined
  }
  return {
    _tag: "Reading",
    keys: tokensIn(envelope, items),
    items,
    // `ip=0` of the query is said by every version of two years and heeded by nobody.
    withoutAddress: asksNoPlace(items[0]),
    idOf: (item) => (isJsonObject(item) ? (idIn(item["uuid"]) ?? null) : null),
    eventsOf: (item, visit) => posthogEvents(item, visit, batch),
    answer: () => done
  }
}

/** A device says so with every event. */
const asksNoPlace = (item: Json | undefined): boolean =>
  objectIn(objectIn(item)?.["properties"])?.["$geoip_disable"] === true

/**
 * PostHog's script for browsers drops what is answered with any status from 400 to 499,
 * 429 as well, and sends again after 503, ten times, as late as `Retry-After` says.
 */
export const refuseBrowser = ({
  detail,
  kind,
  status
}: RefusedRequest): ProtocolAnswer => ({
  status: kind === "tooMany" ? 503 : status,
  body: JSON.stringify({ status: "Error", detail })
})

const example = {
  api_key: "<write key>",
  batch: [
    {
      event: "order completed",
      distinct_id: "u-42",
      uuid: "0195f2a0-0000-7000-8000-000000000001",
      timestamp: "2026-03-01T10:00:00.123Z",
      properties: { revenue: 39.9, $set: { plan: "pro" } }
    }
  ],
  sent_at: "2026-03-01T10:00:01.000Z"
}

const description = `The key is \`api_key\` or \`token\` of the body. JSON, gzip, or a form with Base64 as \`data\`.
An event that cannot be read is kept in the quarantine as \`malformed\`: these clients cannot hear of it.`

const route = (
  path: string,
  {
    hidden,
    ...options
  }: Pick<ProtocolRoute, "device" | "methods"> &
    Partial<Pick<ProtocolRoute, "read" | "refuse">> & { readonly hidden: boolean }
): ProtocolRoute => ({
  protocol: "posthog",
  path,
  onRejected: "keep",
  maxBodyBytes: MAX_BODY,
  maxKeylessBytes: MAX_BODY,
  maxEventBytes: MAX_EVENT,
  keysOf: tokenOf,
  read,
  ...options,
  documentation: {
    summary: "Events of PostHog's clients",
    description,
    example,
    hidden
  }
})

/** PostHog's protocol before its clients heard of events one by one. */
export const posthogRoutes: ReadonlyArray<ProtocolRoute> = [
  route("/batch", {
    device: "origin",
    methods: ["POST"],
    read: readBatch,
    // The words are Amplitude's; PostHog's clients heed the status alone, and do the
    // same after 400 and 401.
    refuse: amplitudeRefusal,
    hidden: false
  }),
  route("/i/v0/ai/batch", { device: "origin", methods: ["POST"], hidden: true }),
  // The last is a name that lists of blockers do not hold.
  ...["/i/v0/e", "/capture", "/n/events"].map((path) =>
    route(path, {
      device: "origin",
      methods: ["GET", "POST"],
      refuse: refuseBrowser,
      hidden: path !== "/i/v0/e"
    })
  ),
  route("/e", {
    device: "always",
    methods: ["GET", "POST"],
    refuse: refuseBrowser,
    hidden: true
  })
]
