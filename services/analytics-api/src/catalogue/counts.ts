/** Of one name in some batches. Instants are milliseconds since 1970. */
export interface EventCount {
  readonly projectId: number
  readonly name: string
  readonly events: number
  readonly firstSeen: number
  readonly lastSeen: number
}

/** Of one property: how many events have it, and as which JSON type. */
export interface PropertyCount {
  readonly projectId: number
  readonly property: string
  /** Whether it stands in an event's own properties. */
  readonly own: boolean
  readonly events: number
  readonly strings: number
  readonly booleans: number
  readonly arrays: number
  readonly objects: number
  /** JSON texts. */
  readonly examples: ReadonlyArray<string>
}

/** Of an own property in events of one name. */
export interface PairCount {
  readonly projectId: number
  readonly event: string
  readonly property: string
  readonly events: number
}

export interface Counts {
  readonly events: ReadonlyArray<EventCount>
  readonly properties: ReadonlyArray<PropertyCount>
  readonly pairs: ReadonlyArray<PairCount>
}

/** What one project may have in the catalogue. */
export const MAX_NAMES = 10_000
export const MAX_PROPERTIES = 5000
export const MAX_PAIRS = 50_000
export const MAX_EXAMPLES = 5
