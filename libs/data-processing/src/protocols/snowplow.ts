import { isJsonObject, type Json } from "../ExactJson.ts"
import type {
  ProtocolAnswer,
  ProtocolRequest,
  ProtocolRoute,
  Reading,
  RefusedRequest,
  Unreadable
} from "./Protocol.ts"
import { jsonIn, objectIn, textIn } from "./plain.ts"
import { snowplowEvent } from "./snowplowEvent.ts"

/** One transparent pixel. */
const PIXEL = new Uint8Array(
  Buffer.from("R0lGODlhAQABAPAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==", "base64")
)

const pixel: ProtocolAnswer = {
  status: 200,
  headers: { "content-type": "image/gif", "cache-control": "no-store" },
  body: PIXEL
}

const ok: ProtocolAnswer = {
  status: 200,
  headers: { "content-type": "text/plain; charset=UTF-8" },
  body: "ok"
}

/**
 * Trackers send everything again but 400, 401, 403, 410 and 422, and nothing else before
 * it was taken. What is too large today is so tomorrow: 413 would hold up their queues.
 */
const refuse = ({ detail, kind, status }: RefusedRequest): ProtocolAnswer => ({
  status: kind === "tooLarge" ? 422 : status,
  headers: { "content-type": "text/plain; charset=UTF-8" },
  body: detail
})

const read = (request: ProtocolRequest): Reading | Unreadable => {
  const { body, headers, method, query } = request
  if (method === "GET") return readingOf([Object.fromEntries(query)], headers, pixel)
  const items = objectIn(jsonIn(body))?.["data"]
  return Array.isArray(items)
    ? readingOf(items, headers, ok)
    : {
        _tag: "Unreadable",
        reason: "the body must be payload_data: a schema, and a list of events as data"
      }
}

const readingOf = (
  items: ReadonlyArray<Json>,
  headers: Headers,
  answer: ProtocolAnswer
): Reading => ({
  _tag: "Reading",
  keys: keysOf(items),
  items,
  // A visitor asked for it, or it is the address of a server.
  withoutAddress: headers.has("sp-anonymous") || items.every(isOfServer),
  eventsOf: snowplowEvent,
  idOf: (item) => (isJsonObject(item) ? (textIn(item["eid"]) ?? null) : null),
  answer: () => answer
})

/** The application's id stands for its key: that of the first event that has one. */
const keysOf = (items: ReadonlyArray<Json>): ReadonlyArray<string> => {
  for (const item of items) {
    const aid = textIn(objectIn(item)?.["aid"])
    if (aid !== undefined) return [aid]
  }
  return []
}

const isOfServer = (item: Json): boolean => objectIn(item)?.["p"] === "srv"

const description = `The tracker protocol of Snowplow. The application's id (\`aid\` of the first event that has one) is the write key if it was adopted
as one; else the key goes into the collector's URL: \`https://<host>/w/<write key>\`. POST is answered \`ok\`, GET with a
pixel, when the events are durable; what is no event is kept in the quarantine as \`malformed\`.`

const example = {
  schema: "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
  data: [
    {
      e: "se",
      se_ca: "shop",
      se_ac: "add to basket",
      aid: "shop-web",
      p: "web",
      duid: "bd0f7d8f-2f4f-4d3f-9a3e-0b1a4b7f2f11",
      eid: "29c1639f-9001-4476-9c0e-79107a743c96",
      dtm: "1795379708214",
      stm: "1795379708220"
    }
  ]
}

const routeOf = (
  path: string,
  methods: ReadonlyArray<"GET" | "POST">,
  hidden: boolean
): ProtocolRoute => ({
  protocol: "snowplow",
  methods,
  path,
  device: "always",
  onRejected: "keep",
  // Trackers send what is larger than their limit of 40,000 bytes once and alone.
  maxBodyBytes: 1024 * 1024,
  maxKeylessBytes: 512 * 1024,
  maxEventBytes: 256 * 1024,
  keysOf: (_, query) => {
    const aid = query.get("aid")
    return aid === null || aid === "" ? [] : [aid]
  },
  read,
  refuse,
  documentation: {
    summary: "Events of a Snowplow tracker",
    description,
    example,
    hidden
  }
})

/** The collector's endpoints: POST by which trackers send today, and pixels. */
export const snowplowRoutes: ReadonlyArray<ProtocolRoute> = [
  routeOf("/com.snowplowanalytics.snowplow/tp2", ["GET", "POST"], false),
  routeOf("/i", ["GET"], false),
  routeOf("/ice.png", ["GET"], true)
]
