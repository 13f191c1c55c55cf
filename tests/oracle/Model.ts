/** Any JSON value. */
export type Json =
  | string
  | number
  | boolean
  | null
  | ReadonlyArray<Json>
  | { readonly [name: string]: Json }

export type JsonObject = { readonly [name: string]: Json }

/** An event as a client library sends it. */
export interface SentEvent {
  readonly type: "track" | "page" | "screen" | "identify" | "group" | "alias"
  readonly messageId: string
  /** ISO 8601; no `sentAt` goes with it, so that no clock is corrected. */
  readonly timestamp: string
  readonly event?: string
  readonly name?: string
  readonly userId?: string | number
  readonly anonymousId?: string
  readonly previousId?: string
  readonly groupId?: string
  readonly properties?: JsonObject
  readonly traits?: JsonObject
  readonly context?: JsonObject
}

/** An event as it counts: once, with its stored name and its person. */
export interface OracleEvent {
  readonly messageId: string
  readonly type: SentEvent["type"]
  readonly name: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly person: string
  readonly userId: string | null
  readonly anonymousId: string | null
  readonly properties: JsonObject
  readonly context: JsonObject
  /** Whether it is a track, a page or a screen. */
  readonly activity: boolean
}

/** Everything a project knows, in the order (timestamp, messageId). */
export interface World {
  readonly events: ReadonlyArray<OracleEvent>
  /** The traits of each person. */
  readonly traits: ReadonlyMap<string, JsonObject>
  /** The user and anonymous ids of each person that came with an event. */
  readonly ids: ReadonlyMap<string, ReadonlySet<string>>
}

export const hourMs = 3_600_000
export const dayMs = 86_400_000
