import type { Lane } from "../inbox/InboxRow.ts"

export interface Limits {
  readonly maxPendingBytes: number
  readonly maxProjectPendingBytes: number
  readonly projectEventsPerSecond: number
  readonly maxProjectBacklog: number
}

/** What becomes of a request: a lane, or when to come back. */
export type Verdict =
  | { readonly _tag: "Admitted"; readonly lane: Lane }
  | { readonly _tag: "Delayed"; readonly seconds: number; readonly reason: string }

/** Tokens last this long, so that a burst after a pause is not held against anybody. */
const BURST_SECONDS = 10

const TRACKED_PROJECTS = 10_000

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
  readonly #pending = new Map<number, number>()
  readonly #buckets = new Map<number, Bucket>()
  #total = 0
  #backlog: ReadonlyMap<number, number> = new Map()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Events per project that wait for the loader, as last counted. */
  watch(backlog: ReadonlyMap<number, number>): void {
    this.#backlog = backlog
  }

  /** An admitted request holds its bytes until `release`. `now` is in milliseconds. */
  admit(
    projectId: number,
    events: number,
    bytes: number,
    lane: Lane,
    now: number
  ): Verdict {
    const { maxPendingBytes, maxProjectBacklog, maxProjectPendingBytes } = this.#limits
    if ((this.#backlog.get(projectId) ?? 0) >= maxProjectBacklog)
      return {
        _tag: "Delayed",
        seconds: 5,
        reason: "too many events of the project wait to be stored"
      }
    const held = this.#pending.get(projectId) ?? 0
    // With memory short, only who holds more than an equal share waits.
    const share =
      this.#total + bytes > maxPendingBytes
        ? maxPendingBytes / Math.max(2, this.#pending.size)
        : maxProjectPendingBytes
    if (held > 0 && held + bytes > Math.min(share, maxProjectPendingBytes))
      return {
        _tag: "Delayed",
        seconds: 1,
        reason: "too much data of the project waits to be committed"
      }
    // Shares of many newcomers may add up; memory has an end.
    if (this.#total + bytes > 2 * maxPendingBytes)
      return { _tag: "Delayed", seconds: 1, reason: "too much data waits" }
    this.#pending.set(projectId, held + bytes)
    this.#total += bytes
    const within = this.#take(projectId, events, now)
    return { _tag: "Admitted", lane: within ? lane : "bulk" }
  }

  release(projectId: number, bytes: number): void {
    const left = (this.#pending.get(projectId) ?? 0) - bytes
    if (left > 0) this.#pending.set(projectId, left)
    else this.#pending.delete(projectId)
    this.#total -= bytes
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
