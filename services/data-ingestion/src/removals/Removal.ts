/** What is removed: a person, a range of event time, or a range that has expired. */
export type RemovalKind = "person" | "range" | "expiry"

/** How events that go are counted. */
export type Removed = "erased" | "expired"

/** A row of `ingest.removals`. Times are milliseconds since 1970. */
export interface Removal {
  /** Batches that were sealed after it know of it: their `removalsTo` reaches it. */
  readonly seq: bigint
  readonly id: string
  /** The removal whose person turned out to have these ids, too. */
  readonly parent: string | null
  readonly projectId: number
  readonly kind: RemovalKind
  /** Of a person; empty once it is done. */
  readonly ids: ReadonlyArray<string>
  readonly idHashes: ReadonlyArray<bigint>
  /** Of a range: events with `from <= timestamp < to`. */
  readonly from: number | null
  readonly to: number | null
  /** What was received by then goes. */
  readonly requestedAt: number
  /** Links of the ids that were known by then tie nobody any more. */
  readonly knownAt: number
  /** What was found, by place. */
  readonly counts: Readonly<Record<string, number>>
  readonly hiddenAt: number | null
  readonly removedAt: number | null
  readonly doneAt: number | null
}

export type RemovalState = "hidden" | "removing" | "done"

export const stateOf = ({ doneAt, removedAt }: Removal): RemovalState =>
  doneAt !== null ? "done" : removedAt !== null ? "removing" : "hidden"

export const outcomeOf = (kind: RemovalKind): Removed =>
  kind === "expiry" ? "expired" : "erased"
