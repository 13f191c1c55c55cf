// Written by `bun run --filter @analytics/tracker types:write` from the schema that the
// service reads events by.

/** Names and JSON values. */
export interface Values {
  readonly [name: string]: unknown
}

export interface TrackEvent {
  readonly type: "track"
  readonly event: string
  readonly properties?: Values
  readonly groupId?: string | number
  readonly groupType?: string
  /** Who it was, by your own id; with `anonymousId` both are one person */
  readonly userId?: string | number
  /** Who it was before they said who they are. A device that sends neither id is told apart for a day of UTC by what it shows of itself */
  readonly anonymousId?: string | number
  /** Unique in the project; what is sent again under the same id is stored once. Made here if absent */
  readonly messageId?: string
  /** When it happened; now if absent */
  readonly timestamp?: string | number
  /** When it was sent, by the same clock: tells how far that clock is off */
  readonly sentAt?: string | number
  /** About the circumstances: `page`, `sessionId`, `ip`, `userAgent`, `locale`, `device` … */
  readonly context?: Values
}

export interface PageEvent {
  readonly type: "page"
  readonly name?: string
  readonly category?: string
  readonly properties?: Values
  /** Who it was, by your own id; with `anonymousId` both are one person */
  readonly userId?: string | number
  /** Who it was before they said who they are. A device that sends neither id is told apart for a day of UTC by what it shows of itself */
  readonly anonymousId?: string | number
  /** Unique in the project; what is sent again under the same id is stored once. Made here if absent */
  readonly messageId?: string
  /** When it happened; now if absent */
  readonly timestamp?: string | number
  /** When it was sent, by the same clock: tells how far that clock is off */
  readonly sentAt?: string | number
  /** About the circumstances: `page`, `sessionId`, `ip`, `userAgent`, `locale`, `device` … */
  readonly context?: Values
}

export interface ScreenEvent {
  readonly type: "screen"
  readonly name?: string
  readonly category?: string
  readonly properties?: Values
  /** Who it was, by your own id; with `anonymousId` both are one person */
  readonly userId?: string | number
  /** Who it was before they said who they are. A device that sends neither id is told apart for a day of UTC by what it shows of itself */
  readonly anonymousId?: string | number
  /** Unique in the project; what is sent again under the same id is stored once. Made here if absent */
  readonly messageId?: string
  /** When it happened; now if absent */
  readonly timestamp?: string | number
  /** When it was sent, by the same clock: tells how far that clock is off */
  readonly sentAt?: string | number
  /** About the circumstances: `page`, `sessionId`, `ip`, `userAgent`, `locale`, `device` … */
  readonly context?: Values
}

export interface IdentifyEvent {
  readonly type: "identify"
  /** What is known from now on. `$set_once`, `$add`, `$append`, `$unset` … change what was known */
  readonly traits?: Values
  /** Who it was, by your own id; with `anonymousId` both are one person */
  readonly userId?: string | number
  /** Who it was before they said who they are. A device that sends neither id is told apart for a day of UTC by what it shows of itself */
  readonly anonymousId?: string | number
  /** Unique in the project; what is sent again under the same id is stored once. Made here if absent */
  readonly messageId?: string
  /** When it happened; now if absent */
  readonly timestamp?: string | number
  /** When it was sent, by the same clock: tells how far that clock is off */
  readonly sentAt?: string | number
  /** About the circumstances: `page`, `sessionId`, `ip`, `userAgent`, `locale`, `device` … */
  readonly context?: Values
}

export interface GroupEvent {
  readonly type: "group"
  readonly groupId: string | number
  readonly groupType?: string
  /** What is known from now on. `$set_once`, `$add`, `$append`, `$unset` … change what was known */
  readonly traits?: Values
  /** Who it was, by your own id; with `anonymousId` both are one person */
  readonly userId?: string | number
  /** Who it was before they said who they are. A device that sends neither id is told apart for a day of UTC by what it shows of itself */
  readonly anonymousId?: string | number
  /** Unique in the project; what is sent again under the same id is stored once. Made here if absent */
  readonly messageId?: string
  /** When it happened; now if absent */
  readonly timestamp?: string | number
  /** When it was sent, by the same clock: tells how far that clock is off */
  readonly sentAt?: string | number
  /** About the circumstances: `page`, `sessionId`, `ip`, `userAgent`, `locale`, `device` … */
  readonly context?: Values
}

export interface AliasEvent {
  readonly type: "alias"
  readonly previousId: string | number
  readonly userId: string | number
  /** Who it was before they said who they are. A device that sends neither id is told apart for a day of UTC by what it shows of itself */
  readonly anonymousId?: string | number
  /** Unique in the project; what is sent again under the same id is stored once. Made here if absent */
  readonly messageId?: string
  /** When it happened; now if absent */
  readonly timestamp?: string | number
  /** When it was sent, by the same clock: tells how far that clock is off */
  readonly sentAt?: string | number
  /** About the circumstances: `page`, `sessionId`, `ip`, `userAgent`, `locale`, `device` … */
  readonly context?: Values
}

/** One event as `/v1/events` takes it. */
export type NativeEvent =
  | TrackEvent
  | PageEvent
  | ScreenEvent
  | IdentifyEvent
  | GroupEvent
  | AliasEvent
