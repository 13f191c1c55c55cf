import type { Json, JsonObject } from "../ExactJson.ts"
import type { EventType } from "../InboxEvent.ts"
import type { Refusal } from "../segment/SegmentEvent.ts"

/** A request without what HTTP did to it. */
export interface ProtocolRequest {
  readonly method: "GET" | "POST"
  /** Without the prefix that carries a key, and as it was sent: still escaped. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Headers
  /** Unpacked; empty for GET. */
  readonly body: string
  /** Of the unpacked body, in bytes. */
  readonly bytes: number
}

/**
 * An event in the fields of the Segment protocol, which `readEvent` judges: `userId`,
 * `anonymousId`, `event`, `properties` or `traits`, `context`, `timestamp`,
 * `originalTimestamp`, `sentAt`, `messageId`, `groupId`, `groupType`, `previousId`.
 */
export interface PlainEvent {
  readonly type: EventType
  readonly fields: JsonObject
}

/** Who is asked for without an id: told apart by what the device shows of itself. */
export interface Device {
  /** Over the address of the connection. */
  readonly ip?: string | undefined
  /** Over the `User-Agent` of the request. */
  readonly userAgent?: string | undefined
}

/** What an adapter may know beside the request. */
export interface Visit {
  /** Milliseconds since 1970. */
  readonly receivedAt: number
  /**
   * A name for the visitor of a `site` that lasts a day of UTC, made of address and user
   * agent by a secret: the same device has another name in another project, site or day.
   */
  readonly visitor: (site: string, device?: Device) => string
}

/** Something of a request that was not taken, by its place among the items. */
export interface Rejected {
  readonly index: number
  readonly messageId: string | null
  readonly reason: string
}

/** Why nothing of a request was taken, in terms that every protocol can say. */
export type RefusedKind =
  /** no key, or one that nobody knows */
  | "unauthorized"
  /** a secret key */
  | "forbidden"
  /** cannot be read as a whole */
  | "unreadable"
  /** too many bytes or items */
  | "tooLarge"
  /** over a limit of the project: `retryAfter` says when to come back */
  | "tooMany"
  /** cannot be made durable, or the key cannot be checked, now */
  | "unavailable"

export interface TakenRequest {
  /** Events that are durable now, of which an item may make several. */
  readonly accepted: number
  /** Empty unless the route says `tell`. */
  readonly rejected: ReadonlyArray<Rejected>
  /** What does not fit the project's schema, where it asks that senders be told. */
  readonly warnings: ReadonlyArray<{
    readonly messageId: string
    readonly reason: string
  }>
}

export interface RefusedRequest {
  readonly kind: RefusedKind
  /** The status of the answer in problem details: 401, 403, 400, 413, 429, 503. */
  readonly status: number
  /** What is wrong and what to do; fit for the one who asked. */
  readonly detail: string
  /** Whole seconds. */
  readonly retryAfter?: number | undefined
  /** Of a route that says `refuse`: the items for which nothing was taken. */
  readonly rejected?: ReadonlyArray<Rejected> | undefined
}

/** What the client hears. `Retry-After` and CORS are added to the headers. */
export interface ProtocolAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body: string | Uint8Array<ArrayBuffer>
}

/** A request that was read. */
export interface Reading {
  readonly _tag: "Reading"
  /** Where the body names keys, the likeliest first; what a header says goes before. */
  readonly keys: ReadonlyArray<string>
  /** What is judged one by one, still as the client sent it. */
  readonly items: ReadonlyArray<Json>
  /** At most of the items together, where they were packed inside of the body. */
  readonly bytes?: number | undefined
  /** When the client sent the request, by its clock, where events do not say it. */
  readonly sentAt?: Json | undefined
  /** One item as events of ours, or why it is refused. Never throws. */
  readonly eventsOf: (
    item: Json,
    visit: Visit
  ) => ReadonlyArray<PlainEvent> | PlainEvent | Refusal
  /** What becomes of refused items of this request, if not what the route says. */
  readonly onRejected?: OnRejected | undefined
  /** Whether the client says that the connection's address is not the visitor's. */
  readonly withoutAddress?: boolean | undefined
  /** The id under which the client knows an item. */
  readonly idOf?: ((item: Json) => string | null) | undefined
  /** The answer by which this client knows that it need not send them again. */
  readonly answer: (taken: TakenRequest) => ProtocolAnswer
}

export interface Unreadable {
  readonly _tag: "Unreadable"
  /** What is wrong and what to do. */
  readonly reason: string
}

/**
 * What becomes of an item that is no event of this protocol.
 *
 * - `tell`: the others are taken and the answer names it.
 * - `refuse`: nothing is taken, because the client drops what the answer names and sends
 *   the others again.
 * - `keep`: the answer can say nothing of it, and an acknowledged event is never lost: it
 *   goes into the quarantine as `malformed`, as it was sent.
 */
export type OnRejected = "tell" | "refuse" | "keep"

/** One endpoint of a protocol. */
export interface ProtocolRoute {
  /** As in metrics and documents: `segment`, `amplitude` … */
  readonly protocol: string
  readonly methods: ReadonlyArray<"GET" | "POST">
  /** As Elysia writes it: `/2/httpapi`. It answers with a slash at its end, too. */
  readonly path: string
  /** Whether visitors' own devices send here: `origin` if a page's script did. */
  readonly device: "always" | "never" | "origin"
  readonly onRejected: OnRejected
  /** Bytes of an unpacked body, if the vendor allows more than the service does. */
  readonly maxBodyBytes?: number | undefined
  /** Bytes of a body that is read before its key is known; else 128 KiB. */
  readonly maxKeylessBytes?: number | undefined
  /** Bytes of one event as JSON, if the vendor allows more than the service does. */
  readonly maxEventBytes?: number | undefined
  /**
   * Whether `Authorization` holds something else than the project's key, so that it is
   * tried last, after what the body says: Mixpanel's clients put their API secret there.
   */
  readonly otherAuthorization?: boolean | undefined
  /** Further keys that can be told before the body is read, the likeliest first. */
  readonly keysOf: (headers: Headers, query: URLSearchParams) => ReadonlyArray<string>
  /** Never throws. */
  readonly read: (request: ProtocolRequest) => Reading | Unreadable
  /** The answer to a request of which nothing was taken; problem details without it. */
  readonly refuse?:
    | ((refused: RefusedRequest, query: URLSearchParams) => ProtocolAnswer)
    | undefined
  /** For the OpenAPI document; a hidden route is a synonym of another. */
  readonly documentation: {
    readonly summary: string
    readonly description?: string
    readonly example?: object
    /** JSON Schema of the body; any object without it. */
    readonly schema?: object
    readonly hidden?: boolean
  }
}
