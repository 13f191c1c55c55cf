import type { Json, JsonObject } from "../ExactJson.ts"
import { readBody } from "../segment/SegmentRequest.ts"
import { amplitudeEvents } from "./amplitudeEvent.ts"
import type {
  ProtocolAnswer,
  ProtocolRequest,
  ProtocolRoute,
  Reading,
  RefusedRequest,
  Rejected,
  Unreadable
} from "./Protocol.ts"
import { idIn, jsonIn, objectIn, textIn } from "./plain.ts"

/** What Amplitude takes in one request, in bytes; its batches may have more. */
const MAX_BODY = 1024 * 1024

const json = (status: number, body: object): ProtocolAnswer => ({
  status,
  body: JSON.stringify(body)
})

/** Words of our refusals for the fields that Amplitude's client knows. */
const fields: { readonly [word: string]: string } = {
  userId: "user_id",
  anonymousId: "device_id",
  messageId: "insert_id",
  event: "event_type",
  groupId: "groups",
  groupType: "groups"
}

/**
 * 400 that names events by their places: the client drops these and sends the others
 * again, so nothing of the request may have been taken that carries no id.
 */
const invalid = (detail: string, rejected: ReadonlyArray<Rejected>): ProtocolAnswer => {
  const missing: { [field: string]: Array<number> } = {}
  const wrong: { [field: string]: Array<number> } = {}
  for (const { index, reason } of rejected) {
    const word = /^\w+/.exec(reason)?.[0] ?? "event"
    const field = fields[word] ?? word
    const of = reason.includes(" is required") ? missing : wrong
    of[field] ??= []
    of[field].push(index)
  }
  return json(400, {
    code: 400,
    error: detail,
    events_with_missing_fields: missing,
    events_with_invalid_fields: wrong
  })
}

/**
 * What the SDK does with each: it drops everything for an "Invalid API key", halves its
 * batches after 413, and tries again later after 429 and whatever is 500 or more.
 */
export const amplitudeRefusal = ({
  detail,
  kind,
  rejected = []
}: RefusedRequest): ProtocolAnswer => {
  switch (kind) {
    case "unauthorized":
    case "forbidden":
      return json(400, { code: 400, error: `Invalid API key: ${detail}` })
    case "unreadable":
      return rejected.length > 0
        ? invalid(detail, rejected)
        : // Without a place to blame the same request would come again and again.
          json(400, { code: 400, error: detail, missing_field: "events" })
    case "tooLarge":
      return json(413, { code: 413, error: detail })
    case "tooMany":
      return json(429, {
        code: 429,
        error: detail,
        eps_threshold: 0,
        throttled_devices: {},
        throttled_users: {},
        throttled_events: []
      })
    case "unavailable":
      return json(503, { code: 503, error: detail })
  }
}

/**
 * A body `{api_key, events}` of `/2/httpapi` and of Amplitude's `/batch`, as parsed.
 * Undefined if it is none.
 */
export const amplitudeReading = (
  body: JsonObject,
  bytes: number
): Reading | undefined => {
  const { api_key: key, client_upload_time: sentAt, events } = body
  const items = Array.isArray(events)
    ? (events as ReadonlyArray<Json>)
    : objectIn(events) && [events as Json]
  return items && readingOf(key, items, bytes, sentAt)
}

const readingOf = (
  key: Json | undefined,
  items: ReadonlyArray<Json>,
  bytes: number,
  sentAt?: Json | undefined
): Reading => {
  let receivedAt = 0
  return {
    _tag: "Reading",
    keys: keysIn(key),
    items,
    sentAt,
    eventsOf: (item, visit) => {
      receivedAt = visit.receivedAt
      return amplitudeEvents(item)
    },
    idOf: (item) => idIn(objectIn(item)?.["insert_id"])?.slice(0, 200) ?? null,
    // The client drops what is named, and the ids of the others keep them single.
    onRejected: "refuse",
    answer: () =>
      json(200, {
        code: 200,
        events_ingested: items.length,
        payload_size_bytes: bytes,
        server_upload_time: receivedAt
      })
  }
}

const keysIn = (key: Json | undefined): ReadonlyArray<string> => {
  const text = textIn(key)
  return text === undefined ? [] : [text]
}

const noEvents: Unreadable = {
  _tag: "Unreadable",
  reason: "events is required: send a list of events"
}

const read = ({ body, bytes }: ProtocolRequest): Reading | Unreadable => {
  const whole = readBody(body)
  if (whole._tag === "Unreadable") return whole
  return amplitudeReading(whole.value, bytes) ?? noEvents
}

/** The older endpoints: a form or a query, with JSON in the field `name`. */
const readForm =
  (name: string, toEvent: (item: JsonObject) => JsonObject) =>
  ({ body, bytes, query }: ProtocolRequest): Reading | Unreadable => {
    const whole = body.trimStart().startsWith("{") ? jsonIn(body) : undefined
    const object = objectIn(whole)
    const form = object === undefined && body !== "" ? new URLSearchParams(body) : query
    const text = form.get(name)
    const sent = object?.[name] ?? (text === null ? undefined : jsonIn(text))
    const items = Array.isArray(sent) ? sent : [sent]
    if (items[0] === undefined)
      return { _tag: "Unreadable", reason: `${name} is required: send JSON in it` }
    return {
      ...readingOf(object?.["api_key"] ?? form.get("api_key") ?? undefined, [], bytes),
      items: items.map((item) => {
        const event = objectIn(item)
        return event === undefined ? item : toEvent(event)
      }),
      answer: () => ({
        status: 200,
        headers: { "content-type": "text/plain; charset=utf-8" },
        body: "success"
      })
    }
  }

const asIdentify = (item: JsonObject): JsonObject => ({
  ...item,
  event_type: "$identify"
})

const asGroupIdentify = (item: JsonObject): JsonObject => {
  const { group_type: type, group_value: name, ...others } = item
  const given = textIn(type)
  return {
    ...others,
    event_type: "$groupidentify",
    ...(given !== undefined && name !== undefined && { groups: { [given]: name } })
  }
}

const example = {
  api_key: "wk_…",
  events: [
    {
      user_id: "u-42",
      device_id: "d-7",
      event_type: "Order Completed",
      event_properties: { items: 2 },
      price: 19.95,
      quantity: 2,
      time: 1772359200123,
      insert_id: "5f0c2c1e-9a55-4c1e-8a0f-1d2e3c4b5a69"
    }
  ]
}

const route = (
  path: string,
  it: Pick<ProtocolRoute, "methods" | "read" | "documentation">
): ProtocolRoute => ({
  protocol: "amplitude",
  path,
  // Servers send here by the same library; a page's script says where it is from.
  device: "origin",
  onRejected: "refuse",
  maxBodyBytes: MAX_BODY,
  // The key is nowhere but in the body.
  maxKeylessBytes: MAX_BODY,
  maxEventBytes: MAX_BODY,
  keysOf: (_, query) => keysIn(query.get("api_key") ?? undefined),
  refuse: amplitudeRefusal,
  ...it
})

/** Amplitude's HTTP API: V2, and the forms of the older endpoints. */
export const amplitudeRoutes: ReadonlyArray<ProtocolRoute> = [
  route("/2/httpapi", {
    methods: ["POST"],
    read,
    documentation: {
      summary: "Events of an Amplitude client",
      description:
        "Amplitude's HTTP V2 API: `api_key` is a write key. A request is taken as a whole or not at all; 400 names the events that are at fault by their places.",
      example
    }
  }),
  route("/httpapi", {
    methods: ["GET", "POST"],
    read: readForm("event", (item) => item),
    documentation: { summary: "Events of an old Amplitude client", hidden: true }
  }),
  route("/identify", {
    methods: ["GET", "POST"],
    read: readForm("identification", asIdentify),
    documentation: {
      summary: "User properties of an Amplitude client",
      description:
        "Amplitude's Identify API: a form or a query with `api_key`, and JSON in `identification`."
    }
  }),
  route("/groupidentify", {
    methods: ["GET", "POST"],
    read: readForm("identification", asGroupIdentify),
    documentation: {
      summary: "Group properties of an Amplitude client",
      description:
        "Amplitude's Group Identify API: a form or a query with `api_key`, and JSON in `identification`."
    }
  })
]
