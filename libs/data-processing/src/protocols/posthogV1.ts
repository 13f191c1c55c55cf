import { isJsonObject, type Json, type JsonObject } from "../ExactJson.ts"
import type {
  ProtocolAnswer,
  ProtocolRequest,
  ProtocolRoute,
  Reading,
  TakenRequest,
  Unreadable
} from "./Protocol.ts"
import { jsonIn, objectIn, textIn } from "./plain.ts"
import { MAX_BODY, tokenOf, unreadable } from "./posthog.ts"
import { posthogEvents } from "./posthogEvent.ts"

/** What the clients took out of the properties, by where they put it. */
const options = {
  cookieless_mode: "$cookieless_mode",
  disable_skew_correction: "$ignore_sent_at",
  process_person_profile: "$process_person_profile",
  product_tour_id: "$product_tour_id"
} as const

const ids = { session_id: "$session_id", window_id: "$window_id" } as const

/** The event as the clients of the older protocol would have sent it. */
const restored = (item: Json): Json => {
  if (!isJsonObject(item)) return item
  const moved: { [name: string]: Json } = {}
  const given = objectIn(item["options"])
  if (given !== undefined) moveTo(moved, given, options)
  moveTo(moved, item, ids)
  for (const _ in moved)
    return { ...item, properties: { ...moved, ...objectIn(item["properties"]) } }
  return item
}

const moveTo = (
  target: { [name: string]: Json },
  from: JsonObject,
  names: Readonly<Record<string, string>>
): void => {
  for (const name in names) {
    const value = from[name]
    const property = names[name]
    if (value !== undefined && value !== null && property !== undefined)
      target[property] = value
  }
}

const uuidOf = (item: Json): string | null =>
  isJsonObject(item) ? (textIn(item["uuid"]) ?? null) : null

/** `posthog-node/5.70.0` */
const libraryOf = (headers: Headers): JsonObject | undefined => {
  const info = headers.get("posthog-sdk-info")
  if (info === null || info === "") return undefined
  const at = info.lastIndexOf("/")
  return at <= 0
    ? { name: info }
    : { name: info.slice(0, at), version: info.slice(at + 1) }
}

const read = ({ body, headers }: ProtocolRequest): Reading | Unreadable => {
  const sent = jsonIn(body)
  if (sent === undefined) return unreadable("the body is not JSON")
  const items = isJsonObject(sent) ? sent["batch"] : undefined
  if (!isJsonObject(sent) || !Array.isArray(items))
    return unreadable("batch must be a list of events")
  const batch = {
    historical: sent["historical_migration"] === true,
    // Of this attempt; `created_at` is that of the first.
    sentAt: headers.get("posthog-request-timestamp") ?? sent["created_at"],
    library: libraryOf(headers)
  }
  return {
    _tag: "Reading",
    keys: [],
    items,
    idOf: uuidOf,
    eventsOf: (item, visit) => posthogEvents(restored(item), visit, batch),
    answer: (taken) => results(items, taken)
  }
}

/**
 * What became of each event, by its `uuid`: the clients leave alone what is `ok`, and tell
 * their user of what was dropped and why.
 */
const results = (
  items: ReadonlyArray<Json>,
  { rejected, warnings }: TakenRequest
): ProtocolAnswer => {
  const dropped = new Map(rejected.map(({ index, reason }) => [index, reason]))
  const warned = new Map(warnings.map(({ messageId, reason }) => [messageId, reason]))
  const parts: Array<string> = []
  items.forEach((item, index) => {
    const uuid = uuidOf(item)
    if (uuid === null) return
    const reason = dropped.get(index)
    const details = reason ?? warned.get(uuid) ?? warned.get(uuid.toLowerCase())
    const result = reason === undefined ? "ok" : "drop"
    parts.push(
      details === undefined
        ? `${JSON.stringify(uuid)}:{"result":"${result}"}`
        : `${JSON.stringify(uuid)}:${JSON.stringify({ result, details })}`
    )
  })
  return { status: 200, body: `{"results":{${parts.join(",")}}}` }
}

/** PostHog's protocol that answers event by event. */
export const posthogV1Routes: ReadonlyArray<ProtocolRoute> = [
  {
    protocol: "posthog",
    methods: ["POST"],
    path: "/i/v1/analytics/events",
    device: "origin",
    onRejected: "tell",
    maxBodyBytes: MAX_BODY,
    maxEventBytes: 1024 * 1024,
    keysOf: tokenOf,
    read,
    documentation: {
      summary: "Events of PostHog's clients, each with its own answer",
      description:
        "The key is in `Authorization: Bearer`. `results` says of each `uuid` that it is `ok`, or `drop` and why.",
      example: {
        created_at: "2026-03-01T10:00:01.000Z",
        batch: [
          {
            event: "order completed",
            distinct_id: "u-42",
            uuid: "0195f2a0-0000-7000-8000-000000000001",
            timestamp: "2026-03-01T10:00:00.123Z",
            options: {},
            properties: { revenue: 39.9 }
          }
        ]
      }
    }
  }
]
