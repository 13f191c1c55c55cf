/** A batch as `ingest.batches` holds it. Times are milliseconds since 1970. */
export interface Batch {
  readonly batchId: bigint
  readonly shard: number
  readonly lane: Lane
  /** Of the frames, see `PARSER_VERSION`. */
  readonly parserVersion: number
  readonly knownAt: number
  readonly inboxIds: ReadonlyArray<bigint>
  readonly receivedFrom: Date
  readonly receivedTo: Date
  readonly events: number
  readonly attempts: number
  readonly poison: ReadonlyArray<Poison>
  readonly posts: ReadonlyArray<PostRecord>
  /** Projects of its rows that had been deleted when it was sealed. */
  readonly deletedProjects: ReadonlyArray<bigint>
  /** The newest removal there was when it was sealed. */
  readonly removalsTo: bigint
}

export type Lane = "live" | "bulk"

/** An event that the store refused for its data, by its place in the inbox. */
export interface Poison {
  readonly inboxId: string
  readonly index: number
  readonly reason: string
}

/** One POST to the event store, recorded before it is sent. */
export interface PostRecord {
  /** year and month, `202503` */
  readonly partition: number
  readonly rows: number
  readonly queryId: string
}

/** The right to load a shard. Every write names it, and is refused once it is outdated. */
export interface Lease {
  readonly shard: number
  readonly epoch: bigint
}

/** Inbox rows that may go into the next batch. */
export interface Pending {
  readonly id: bigint
  readonly receivedAt: Date
  readonly events: number
  readonly bytes: number
  readonly months: ReadonlyArray<number>
  /** Of the shard map by which it was made. */
  readonly mapVersion: number
}

/** An inbox row with what it says of its frame. */
export interface Frame {
  readonly id: bigint
  readonly frame: Uint8Array<ArrayBuffer>
  readonly projectIds: ReadonlyArray<bigint>
  readonly projectCounts: ReadonlyArray<number>
}

/** What became of events of one project. */
export interface Outcome {
  readonly projectId: number
  readonly outcome:
    | "stored"
    | "duplicate"
    | "quarantined"
    | "dropped"
    | "erased"
    | "expired"
  readonly reason: string
  readonly events: number
}

/** An event that a setting of its project dropped. Times are milliseconds since 1970. */
export interface Dropped {
  readonly projectId: number
  readonly messageId: string
  readonly reason: string
  readonly timestamp: number
  readonly receivedAt: number
}

/** An event that is kept aside. `event` is the line of the inbox frame. */
export interface Quarantined {
  readonly projectId: number
  readonly messageId: string
  readonly reason: string
  readonly detail: string
  readonly event: string
  readonly receivedAt: number
}
