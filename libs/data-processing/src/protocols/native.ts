import { NativeBatch } from "@analytics/analytics-core/events/NativeEvent"
import { Schema } from "effect"
import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"
import { isEventType, Refusal } from "../segment/SegmentEvent.ts"
import type {
  PlainEvent,
  ProtocolRequest,
  ProtocolRoute,
  Reading,
  Unreadable,
  Visit
} from "./Protocol.ts"
import { jsonIn } from "./plain.ts"
import { verdicts, writeKeyIn, writeKeyOf } from "./segment.ts"

const unreadable = (reason: string): Unreadable => ({ _tag: "Unreadable", reason })

const nothing: JsonObject = {}

const read = (
  { body, headers }: Pick<ProtocolRequest, "body" | "headers">,
  fromDevice: boolean
): Reading | Unreadable => {
  const whole = jsonIn(body)
  if (whole === undefined) return unreadable("the body is not JSON")
  const batch = isJsonObject(whole) ? whole : nothing
  const items = Array.isArray(whole) ? whole : batch["events"]
  if (!Array.isArray(items))
    return unreadable("the body must be a list of events, or hold one as `events`")
  return {
    _tag: "Reading",
    keys: writeKeyIn(batch),
    items,
    sentAt: batch["sentAt"],
    eventsOf: fromDevice || headers.has("origin") ? ofDevice : eventOf,
    answer: verdicts
  }
}

const noObject = new Refusal("an event must be an object")
const noType = new Refusal(
  "type must be one of track, page, screen, identify, group, alias"
)

const eventOf = (item: Json): PlainEvent | Refusal => {
  if (!isJsonObject(item)) return noObject
  const type = item["type"]
  return isEventType(type) ? { type, fields: item } : noType
}

/** Devices need not keep an id: they are told apart for a day. */
const ofDevice = (item: Json, visit: Visit): PlainEvent | Refusal => {
  const event = eventOf(item)
  if (event instanceof Refusal) return event
  const { fields, type } = event
  return (fields["userId"] ?? fields["anonymousId"] ?? null) === null
    ? { type, fields: { ...fields, anonymousId: visit.visitor("") } }
    : event
}

const description = `The same events as at \`/v1/batch\`, each judged alone: \`rejected\` names those that were refused and why, 200 means
that the accepted ones are durable. The key goes into \`Authorization\` (Basic as user, or Bearer), into the URL
(\`/w/<write key>/v1/events\`, or \`?writeKey=\`), or into the body as \`writeKey\`. The Content-Type does not matter, so that
\`navigator.sendBeacon\` works; gzip is recognised. Events of a web page need no id: a visitor is told apart for a day
of UTC without anything kept on the device. After 429 and 503 send the same events again.`

const documentation = {
  summary: "Events of any kind",
  description,
  schema: Schema.toJsonSchemaDocument(NativeBatch).schema
}

/** Our own protocol. */
export const nativeRoutes: ReadonlyArray<ProtocolRoute> = [
  {
    protocol: "native",
    methods: ["POST"],
    path: "/v1/events",
    device: "origin",
    onRejected: "tell",
    keysOf: (_, query) => writeKeyOf(query),
    read: (request) => read(request, false),
    documentation
  },
  {
    // A path that says nothing, for pages whose visitors block what it would say.
    protocol: "native",
    methods: ["POST"],
    path: "/n",
    device: "always",
    onRejected: "tell",
    keysOf: (_, query) => writeKeyOf(query),
    read: (request) => read(request, true),
    documentation: { ...documentation, hidden: true }
  }
]
