import type { Json } from "../ExactJson.ts"
import { Refusal } from "../segment/SegmentEvent.ts"
import { mixpanelEvents } from "./mixpanelEvent.ts"
import { mixpanelGroup, mixpanelPerson } from "./mixpanelProfile.ts"
import type {
  ProtocolAnswer,
  ProtocolRequest,
  ProtocolRoute,
  Reading,
  RefusedRequest,
  TakenRequest,
  Unreadable
} from "./Protocol.ts"
import { base64In, idIn, jsonIn, objectIn, textIn } from "./plain.ts"

const MEBIBYTE = 1024 * 1024

/** A request's own items, and its options, which stand in the query or in the form. */
interface Opened {
  readonly items: ReadonlyArray<Json>
  /** By `data` in a form or query: such clients read `1` and `0`. */
  readonly isForm: boolean
  readonly option: (name: string) => string | null
}

const open = ({ body, query }: ProtocolRequest): Opened | Unreadable => {
  const start = body.trimStart()[0]
  if (start === "[" || start === "{") {
    const value = jsonIn(body) ?? linesIn(body)
    return value === undefined
      ? { _tag: "Unreadable", reason: "the body is not JSON: send a list of events" }
      : { items: listed(value), isForm: false, option: (name) => query.get(name) }
  }
  const bare = bareIn(body)
  const form = bare !== undefined || body === "" ? query : new URLSearchParams(body)
  const data = bare ?? form.get("data") ?? query.get("data")
  const value = data === null ? undefined : dataIn(data)
  return value === undefined
    ? {
        _tag: "Unreadable",
        reason: "data is required: send JSON, as it is or in base64"
      }
    : {
        items: listed(value),
        isForm: true,
        option: (name) => form.get(name) ?? query.get(name)
      }
}

/** The one field of the most usual form, in a tenth of the time that a form takes. */
const bareIn = (body: string): string | undefined => {
  if (!body.startsWith("data=") || body.includes("&")) return undefined
  const data = body
    .slice(5)
    .replaceAll("%2B", "+")
    .replaceAll("%2F", "/")
    .replaceAll("%3D", "=")
  return data.includes("%") ? undefined : data
}

/** JSON or JSON in base64, whose plus sign clients leave unescaped in a form. */
const dataIn = (data: string): Json | undefined => {
  const start = data.trimStart()[0]
  return start === "[" || start === "{"
    ? jsonIn(data)
    : jsonIn(base64In(data.replaceAll(" ", "+")))
}

const linesIn = (text: string): ReadonlyArray<Json> | undefined => {
  const values: Array<Json> = []
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue
    const value = jsonIn(line)
    if (value === undefined) return undefined
    values.push(value)
  }
  return values
}

const listed = (value: Json): ReadonlyArray<Json> =>
  Array.isArray(value) ? (value as ReadonlyArray<Json>) : [value]

/** The token that an event or an update names. */
const tokenOf = (item: Json): string | undefined => {
  const object = objectIn(item)
  return (
    textIn(object?.["$token"]) ?? textIn(objectIn(object?.["properties"])?.["token"])
  )
}

const otherToken = new Refusal(
  "token is not that of the first item: send each project's events by themselves"
)

const read =
  (path: string, eventsOf: Reading["eventsOf"]) =>
  (request: ProtocolRequest): Reading | Unreadable => {
    const opened = open(request)
    if ("_tag" in opened) return opened
    const { isForm, items, option } = opened
    let key: string | undefined
    let isMixed = false
    for (const item of items) {
      const token = tokenOf(item)
      key ??= token
      if (token !== undefined && token !== key) isMixed = true
    }
    const strict = option("strict")
    const isStrict = strict === "1" || (path === "/import" && !isForm && strict !== "0")
    const ip = option("ip")
    return {
      _tag: "Reading",
      keys: key === undefined ? [] : [key],
      items,
      eventsOf: isMixed
        ? (item, visit) =>
            (tokenOf(item) ?? key) === key ? eventsOf(item, visit) : otherToken
        : eventsOf,
      idOf: insertIdOf,
      onRejected: isStrict ? "tell" : "keep",
      withoutAddress: ip === "0" || (ip === null && !request.headers.has("origin")),
      answer: (taken) =>
        isStrict || (path === "/import" && !isForm)
          ? recordsAnswer(taken, items)
          : option("img") === "1"
            ? pixel
            : option("verbose") === "1"
              ? json(200, { error: null, status: 1 })
              : one
    }
  }

const insertIdOf = (item: Json): string | null =>
  idIn(objectIn(objectIn(item)?.["properties"])?.["$insert_id"])?.slice(0, 200) ?? null

const json = (status: number, body: object): ProtocolAnswer => ({
  status,
  body: JSON.stringify(body)
})

const plainText = { "content-type": "text/plain; charset=utf-8" }
const one: ProtocolAnswer = { status: 200, headers: plainText, body: "1" }

/** One transparent pixel. */
const pixel: ProtocolAnswer = {
  status: 200,
  headers: { "content-type": "image/gif" },
  body: new Uint8Array(
    Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64")
  )
}

/** Fields as Mixpanel's `failed_records` name them. */
const fields: { readonly [word: string]: string } = {
  userId: "properties.distinct_id",
  anonymousId: "properties.$device_id",
  messageId: "properties.$insert_id",
  token: "properties.token"
}

/** The answer that names each record which was not taken; the others were. */
const recordsAnswer = (
  { rejected }: TakenRequest,
  items: ReadonlyArray<Json>
): ProtocolAnswer =>
  rejected.length === 0
    ? json(200, { code: 200, num_records_imported: items.length, status: "OK" })
    : json(400, {
        code: 400,
        error: "some data points in the request failed validation",
        status: "Bad Request",
        num_records_imported: items.length - rejected.length,
        failed_records: rejected.map(({ index, messageId, reason }) => {
          const word = /^\$?\w+/.exec(reason)?.[0] ?? "event"
          return {
            index,
            insert_id: messageId ?? "",
            field: fields[word] ?? word,
            message: reason
          }
        })
      })

const statuses: { readonly [status: number]: string } = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  413: "Request Entity Too Large",
  429: "Too Many Requests",
  503: "Service Unavailable"
}

/**
 * The library for browsers sends again after 429 and whatever is 500 or more, and splits
 * after 413; that for Node.js calls back with whatever is not `1`.
 */
const refuse = (
  path: string,
  { detail, status }: RefusedRequest,
  query: URLSearchParams
): ProtocolAnswer => {
  const verbose = query.get("verbose")
  if (verbose === "1") return json(status, { error: detail, status: 0 })
  return path === "/import" && verbose === null && !query.has("data")
    ? json(status, { code: status, error: detail, status: statuses[status] ?? "Error" })
    : { status, headers: plainText, body: "0" }
}

const about = `A form or a query with JSON or base64 in \`data\`, or a JSON body. \`token\` is a write key. The answer is \`1\`, with
\`verbose=1\` \`{"error":null,"status":1}\`; what is no event is kept in the quarantine. With \`strict=1\` the answer names it instead.`

const route = (
  path: string,
  eventsOf: Reading["eventsOf"],
  documentation: ProtocolRoute["documentation"]
): ProtocolRoute => {
  const isImport = path === "/import"
  return {
    protocol: "mixpanel",
    path,
    methods: ["GET", "POST"],
    // `ip` says whether it was a visitor's device.
    device: isImport ? "never" : "always",
    onRejected: "keep",
    maxBodyBytes: 4 * MEBIBYTE,
    // The token is in the events; an import has more of them.
    maxKeylessBytes: isImport ? 4 * MEBIBYTE : MEBIBYTE,
    maxEventBytes: MEBIBYTE,
    otherAuthorization: true,
    keysOf: () => [],
    read: read(path, eventsOf),
    refuse: (refused, query) => refuse(path, refused, query),
    documentation
  }
}

const event = {
  event: "Order Completed",
  properties: {
    token: "wk_…",
    distinct_id: "u-42",
    $insert_id: "5f0c2c1e-9a55-4c1e-8a0f-1d2e3c4b5a69",
    time: 1772359200,
    revenue: 39.9
  }
}

/** Mixpanel's ingestion: events, profiles of people and groups, and the import. */
export const mixpanelRoutes: ReadonlyArray<ProtocolRoute> = [
  route("/track", mixpanelEvents, {
    summary: "Events of a Mixpanel client",
    description: about,
    example: [event]
  }),
  route("/engage", mixpanelPerson, {
    summary: "Profiles of people of a Mixpanel client",
    description: about,
    example: [{ $token: "wk_…", $distinct_id: "u-42", $set: { plan: "pro" } }]
  }),
  route("/groups", mixpanelGroup, {
    summary: "Profiles of groups of a Mixpanel client",
    description: about,
    example: [
      {
        $token: "wk_…",
        $group_key: "company",
        $group_id: "acme",
        $set: { name: "ACME" }
      }
    ]
  }),
  route("/import", mixpanelEvents, {
    summary: "Events of a Mixpanel client, of any age",
    description: `A JSON list, JSON lines or a form. The write key is \`token\` of the events, or the user of \`Authorization: Basic\`. The answer says how many
records were taken and which were not, unless \`strict=0\`: then those go into the quarantine. Times are taken as they are.`,
    example: [event]
  })
]
