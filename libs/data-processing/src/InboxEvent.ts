import { type JsonObject, parse } from "./ExactJson.ts"

/**
 * What a receiver makes of one event and a loader reads. A batch names the version it was
 * sealed with, so that a retry after an upgrade reads it in the same way.
 */
export const PARSER_VERSION = 1

export type EventType = "track" | "page" | "screen" | "identify" | "group" | "alias"

/** Why an event is kept aside instead of stored. */
export type QuarantineReason =
  | "timestamp_unreadable"
  | "timestamp_before_1970"
  | "timestamp_in_future"
  | "number_out_of_range"
  | "nesting_too_deep"
  | "unreadable"
  | "malformed"
  | "schema_mismatch"

/** Why an acknowledged event is counted and not stored. */
export type DropReason =
  | "excluded_address"
  | "excluded_user_agent"
  | "excluded_host"
  | "excluded_path"
  | "excluded_internal"
  | "do_not_track"
  | "no_consent"

/** A property that does not fit its schema, and how: `["cart.total", "missing"]`. */
export type Violation = readonly [property: string, problem: string]

/**
 * One acknowledged event, one line of an inbox frame. Names are short because every event
 * passes here twice; times are milliseconds since 1970.
 */
export interface InboxEvent {
  /** project id */
  readonly p: number
  /** messageId, unique in the project */
  readonly m: string
  /** corrected event time; `r` where the client's could not be read */
  readonly t: number
  /** receivedAt */
  readonly r: number
  /** knownAt, in test mode only */
  readonly k?: number
  readonly y: EventType
  /** stored name: `$pageview`, `$identify` … or the name of the track */
  readonly e: string
  readonly u?: string
  readonly a?: string
  /** previousId of an alias */
  readonly v?: string
  readonly g?: string
  /** group type */
  readonly gt?: string
  /** properties, or traits of identify and group */
  readonly d?: JsonObject
  readonly c?: JsonObject
  /** ip of the client */
  readonly ip?: string
  /** user agent of the request */
  readonly ua?: string
  readonly q?: QuarantineReason
  /** what exactly was wrong, for the quarantine list */
  readonly qd?: string
  /** Dropped by a setting of the project: such a line has no ids, properties or context. */
  readonly x?: DropReason
  /** What does not fit the project's schema of events. */
  readonly w?: ReadonlyArray<Violation>
}

/** One event as a line, without the line break. */
export const encodeLine = (event: InboxEvent): string => JSON.stringify(event)

/** A line that `encodeLine` wrote. */
export const decodeLine = (line: string): InboxEvent =>
  parse(line) as unknown as InboxEvent

/** A zstd frame of lines: the `frame` column of an inbox row. */
export const encodeFrame = (lines: ReadonlyArray<string>): Uint8Array =>
  Bun.zstdCompressSync(lines.join("\n"), { level: 1 })

/** The lines of a frame, in the order in which they were received. */
export const frameLines = (frame: Uint8Array): ReadonlyArray<string> =>
  Bun.zstdDecompressSync(frame as Uint8Array<ArrayBuffer>)
    .toString("utf8")
    .split("\n")

export const decodeFrame = (frame: Uint8Array): ReadonlyArray<InboxEvent> =>
  frameLines(frame).map(decodeLine)
