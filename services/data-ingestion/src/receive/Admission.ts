import type { Lane } from "../inbox/InboxRow.ts"
import { MemoryShares, type Shortage } from "./MemoryShares.ts"

export interface Limits {
  readonly maxPendingBytes: number
  readonly maxProjectPendingBytes: number
  readonly projectEventsPerSecond: number
  readonly maxProjectBacklog: number
}

/** What becomes of a request: a lane, or when to come back. */
export type Verdict = { readonly _tag: "Admitted"; readonly lane: Lane } | Delayed

export interface Delayed {
  readonly _tag: "Delayed"
  readonly seconds: number
  readonly reason: string
}

/** Tokens last this long, so that a burst after a pause is not held against anybody. */
const BURST_SECONDS = 10

const TRACKED_PROJECTS = 10_000

/** A count older than this, in milliseconds, holds nobody back any more. */
const BACKLOG_LIFETIME = 30_000

/** Project ids are positive: who reads a body whose project is not known yet. */
const NOBODY = 0

interface Bucket {
  tokens: number
  at: number
}

/**
 * Decides per project what may come in, so that one that sends too much pays alone: over
 * its rate it goes to the bulk lane, over its share of memory or of the inbox it waits.
 */
export class Admission {
  readonly #limits: Limits
  readonly #pending: MemoryShares
  readonly #reading: MemoryShares
  readonly #buckets = new Map<number, Bucket>()
  #backlog: ReadonlyMap<number, number> = new Map()
  #countedAt = 0

  constructor(limits: Limits) {
    const { maxPendingBytes, maxProjectPendingBytes } = limits
    this.#limits = limits
    this.#pending = new MemoryShares(maxPendingBytes, maxProjectPendingBytes)
    this.#reading = new MemoryShares(maxPendingBytes, maxProjectPendingBytes)
  }

  /** Events per project that wait for the loader, as counted at `now`. */
  watch(backlog: ReadonlyMap<number, number>, now: number): void {
    this.#backlog = backlog
    this.#countedAt = now
  }

  /**
   * Before a body of up to `bytes` is read, of a project if it is known already: a
   * request that has no chance costs no memory. `undefined` holds the bytes until
   * `readEnded`.
   */
  read(project: number | undefined, bytes: number, now: number): Delayed | undefined {
    const owner = project ?? NOBODY
    const shortage = this.#reading.shortageOf(owner, bytes)
    if (shortage !== undefined) return delayed[shortage]
    if (project !== undefined) {
      const blocked = this.#blocked(project, 0, now)
      if (blocked !== undefined) return blocked
    }
    this.#reading.take(owner, bytes)
    return undefined
  }

  readEnded(project: number | undefined, bytes: number): void {
    this.#reading.release(project ?? NOBODY, bytes)
  }

  /** An admitted request holds its bytes until `release`. `now` is in milliseconds. */
  admit(
    projectId: number,
    events: number,
    bytes: number,
    lane: Lane,
    now: number
  ): Verdict {
    const blocked = this.#blocked(projectId, bytes, now)
    if (blocked !== undefined) return blocked
    this.#pending.take(projectId, bytes)
    const within = this.#take(projectId, events, now)
    return { _tag: "Admitted", lane: within ? lane : "bulk" }
  }

  release(projectId: number, bytes: number): void {
    this.#pending.release(projectId, bytes)
  }

  #blocked(projectId: number, bytes: number, now: number): Delayed | undefined {
    if (
      now - this.#countedAt < BACKLOG_LIFETIME &&
      (this.#backlog.get(projectId) ?? 0) >= this.#limits.maxProjectBacklog
    )
      return tooLate
    const shortage = this.#pending.shortageOf(projectId, bytes)
    return shortage === undefined ? undefined : delayed[shortage]
  }

  /** Whether the project is within its rate. */
  #take(projectId: number, events: number, now: number): boolean {
    const rate = this.#limits.projectEventsPerSecond
    const full = rate * BURST_SECONDS
    const bucket = this.#buckets.get(projectId) ?? { tokens: full, at: now }
    const tokens = Math.min(full, bucket.tokens + ((now - bucket.at) / 1000) * rate)
    bucket.at = now
    bucket.tokens = tokens >= events ? tokens - events : tokens
    // Last used last, so that the first is the one to forget.
    this.#buckets.delete(projectId)
    this.#buckets.set(projectId, bucket)
    if (this.#buckets.size > TRACKED_PROJECTS) {
      const oldest = this.#buckets.keys().next()
      if (!oldest.done) this.#buckets.delete(oldest.value)
    }
    return tokens >= events
  }
}

const tooLate: Delayed = {
  _tag: "Delayed",
  seconds: 5,
  reason: "too many events of the project wait to be stored"
}

const delayed: { readonly [shortage in Shortage]: Delayed } = {
  share: {
    _tag: "Delayed",
    seconds: 1,
    reason: "too much data of the project waits to be committed"
  },
  memory: { _tag: "Delayed", seconds: 1, reason: "too much data waits" }
}
