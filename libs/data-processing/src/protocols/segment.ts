import type { JsonObject } from "../ExactJson.ts"
import {
  type Endpoint,
  endpoints,
  eventsOf,
  readBody,
  readingOf
} from "../segment/SegmentRequest.ts"
import type {
  ProtocolAnswer,
  ProtocolRequest,
  ProtocolRoute,
  Reading,
  TakenRequest,
  Unreadable
} from "./Protocol.ts"

const text = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string" && value !== "" ? [value] : []

/** Warnings of one answer: they are for people, who fix one kind at a time. */
const MOST_WARNINGS = 20

/** What was taken and what was not, event by event. */
export const verdicts = ({
  accepted,
  rejected,
  warnings
}: TakenRequest): ProtocolAnswer => ({
  status: 200,
  body:
    rejected.length === 0 && warnings.length === 0
      ? `{"success":true,"accepted":${accepted},"rejected":[]}`
      : JSON.stringify({
          success: true,
          accepted,
          rejected,
          ...(warnings.length > 0 && { warnings: warnings.slice(0, MOST_WARNINGS) })
        })
})

/** `writeKey` in the query; the header comes before. */
export const writeKeyOf = (query: URLSearchParams): ReadonlyArray<string> =>
  text(query.get("writeKey"))

/** `writeKey` in the body, where browsers put it because a beacon has no headers. */
export const writeKeyIn = (body: JsonObject): ReadonlyArray<string> =>
  text(body["writeKey"])

const read =
  (endpoint: Endpoint) =>
  ({ body }: ProtocolRequest): Reading | Unreadable => {
    const whole = readBody(body)
    if (whole._tag === "Unreadable") return whole
    if (eventsOf(endpoint, whole.value) === undefined)
      return { _tag: "Unreadable", reason: "batch must be a list of events" }
    return {
      _tag: "Reading",
      keys: writeKeyIn(whole.value),
      ...readingOf(endpoint, whole.value),
      answer: verdicts
    }
  }

const track = {
  type: "track",
  event: "Order Completed",
  userId: "u-42",
  messageId: "5f0c2c1e-9a55-4c1e-8a0f-1d2e3c4b5a69",
  timestamp: "2026-03-01T10:00:00.123Z",
  properties: { revenue: 39.9, currency: "USD" }
}

const documents: {
  readonly [endpoint in Endpoint]: {
    readonly summary: string
    readonly example: object
  }
} = {
  track: { summary: "Something that a person did", example: track },
  identify: {
    summary: "Who a person is, and their traits",
    example: { userId: "u-42", anonymousId: "a-7", traits: { plan: "pro" } }
  },
  page: {
    summary: "A page that was seen",
    example: { anonymousId: "a-7", name: "Home", properties: { path: "/" } }
  },
  screen: {
    summary: "A screen that was seen",
    example: { userId: "u-42", name: "Main" }
  },
  group: {
    summary: "A group that a person belongs to",
    example: { userId: "u-42", groupId: "g-1", traits: { name: "ACME" } }
  },
  alias: {
    summary: "Two ids that are one person",
    example: { userId: "u-42", previousId: "a-7" }
  },
  batch: {
    summary: "Many events at once",
    example: { batch: [track], sentAt: "2026-03-01T10:00:01.000Z" }
  }
}

export const description = `Authorization: Basic with the write key as user, Bearer, or \`writeKey\` in query or body.
The Content-Type does not matter; gzip is recognised. An event without \`messageId\` gets one; one with a
\`messageId\` that was sent before is stored once. Each event has its own verdict: \`rejected\` names those that
were refused and why. 200 means that the accepted events are durable.

\`X-Ingest-Lane: bulk\` is for imports: they leave most of the loader to live events.
\`Prefer: wait=10\` holds the answer until the events are stored, at most so many seconds; \`Preference-Applied\`
says that they are. After 429 and 503 send the same events again.`

const routeOf = (segment: string, endpoint: Endpoint): ProtocolRoute => ({
  protocol: "segment",
  methods: ["POST"],
  path: `/v1/${segment}`,
  // A letter is what the browser's library sends.
  device: segment.length === 1 ? "always" : "origin",
  onRejected: "tell",
  keysOf: (_, query) => writeKeyOf(query),
  read: read(endpoint),
  documentation: {
    ...documents[endpoint],
    description,
    // One entry a kind is enough to read.
    hidden: segment.length === 1
  }
})

/**
 * The Segment protocol, which RudderStack speaks too: `/v1/track` … `/v1/batch`, and the
 * letters that browsers use.
 */
export const segmentRoutes: ReadonlyArray<ProtocolRoute> = Object.entries(
  endpoints
).map(([segment, endpoint]) => routeOf(segment, endpoint))

/** Many events in the name of a project that is known already. */
export const batchRoute: ProtocolRoute = routeOf("batch", "batch")
