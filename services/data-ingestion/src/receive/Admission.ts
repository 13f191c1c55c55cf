import type { ProjectRules } from "@analytics/data-processing/settings/ProjectRules"
import type { Lane } from "../inbox/InboxRow.ts"
import { MemoryShares, type Shortage } from "./MemoryShares.ts"

export interface Limits {
  readonly maxPendingBytes: number
  readonly maxProjectPendingBytes: number
  readonly projectEventsPerSecond: number
  readonly maxProjectBacklog: number
}

type ProjectLimits = ProjectRules["limits"]

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

/** The longest pause, in seconds, that a project over its quota is told. */
const MOST_PAUSE = 3600

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
  /** Of bodies whose project only they can tell, by the network that sends them. */
  readonly #strangers: MemoryShares
  readonly #buckets = new Map<number, Bucket>()
  #backlog: ReadonlyMap<number, number> = new Map()
  #countedAt = 0
  /** Events of this month, of projects that have a quota; not counted yet: NaN. */
  readonly #used = new Map<number, number>()
  #monthEnds = 0

  constructor(limits: Limits) {
    const { maxPendingBytes, maxProjectPendingBytes } = limits
    this.#limits = limits
    this.#pending = new MemoryShares(maxPendingBytes, maxProjectPendingBytes)
    this.#reading = new MemoryShares(maxPendingBytes, maxProjectPendingBytes)
    // All of them together hold no more than one project.
    const half = maxProjectPendingBytes / 2
    this.#strangers = new MemoryShares(half, half)
  }

  /** Events per project that wait for the loader, as counted at `now`. */
  watch(backlog: ReadonlyMap<number, number>, now: number): void {
    this.#backlog = backlog
    this.#countedAt = now
  }

  /** Projects whose events of the month must be counted. */
  get metered(): ReadonlyArray<number> {
    return [...this.#used.keys()]
  }

  /** What those projects used this month; `now` and the month's end are times of day. */
  meter(used: ReadonlyMap<number, number>, monthEnds: number): void {
    this.#monthEnds = monthEnds
    for (const projectId of this.#used.keys())
      this.#used.set(projectId, used.get(projectId) ?? 0)
  }

  /**
   * Before a body of up to `bytes` of a project is read: a request that has no chance
   * costs no memory. `undefined` holds the bytes until `readEnded`.
   */
  read(project: number, bytes: number, now: number): Delayed | undefined {
    const shortage = this.#reading.shortageOf(project, bytes)
    if (shortage !== undefined) return delayed[shortage]
    const blocked = this.#blocked(project, 0, now)
    if (blocked !== undefined) return blocked
    this.#reading.take(project, bytes)
    return undefined
  }

  readEnded(project: number, bytes: number): void {
    this.#reading.release(project, bytes)
  }

  /**
   * Whether so many bytes may be held while nobody knows whose they are, until
   * `strangerEnded`: each network has a share, so that one that sends bodies which never
   * end holds up itself and no others.
   */
  readStranger(network: string, bytes: number): boolean {
    if (this.#strangers.shortageOf(network, bytes) !== undefined) return false
    this.#strangers.take(network, bytes)
    return true
  }

  strangerEnded(network: string, bytes: number): void {
    this.#strangers.release(network, bytes)
  }

  /** An admitted request holds its bytes until `release`. `now` is in milliseconds. */
  admit(
    projectId: number,
    events: number,
    bytes: number,
    lane: Lane,
    now: number,
    limits?: ProjectLimits
  ): Verdict {
    const blocked = this.#blocked(projectId, bytes, now)
    if (blocked !== undefined) return blocked
    const quota = limits && this.#quota(projectId, events, limits)
    if (quota === "over") return this.#overQuota()
    this.#pending.take(projectId, bytes)
    const rate = limits?.eventsPerSecond ?? this.#limits.projectEventsPerSecond
    const within = this.#take(projectId, events, now, rate)
    return { _tag: "Admitted", lane: within && quota !== "bulk" ? lane : "bulk" }
  }

  /** Counts events against the month; before the first count nobody is held back. */
  #quota(
    projectId: number,
    events: number,
    { monthlyEvents, monthlyHardLimit }: ProjectLimits
  ): "within" | "bulk" | "over" {
    if (monthlyEvents === null && monthlyHardLimit === null) return "within"
    const used = this.#used.get(projectId)
    if (used === undefined) {
      if (this.#used.size < TRACKED_PROJECTS) this.#used.set(projectId, Number.NaN)
      return "within"
    }
    if (monthlyHardLimit !== null && used + events > monthlyHardLimit) return "over"
    this.#used.set(projectId, used + events)
    return monthlyEvents !== null && used + events > monthlyEvents ? "bulk" : "within"
  }

  #overQuota(): Delayed {
    const left = Math.ceil((this.#monthEnds - Date.now()) / 1000)
    const until = new Date(this.#monthEnds).toISOString()
    return {
      _tag: "Delayed",
      seconds: Math.max(1, Math.min(left, MOST_PAUSE)),
      reason: `the project's events of the month are used up until ${until}`
    }
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
  #take(projectId: number, events: number, now: number, rate: number): boolean {
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

/** What a stranger without room is told. */
export const tooManyStrangers: Delayed = {
  _tag: "Delayed",
  seconds: 1,
  reason:
    "too many bodies are being read whose key is only in them; one in Authorization or in the URL (/w/<key>/) has room of its own"
}

const delayed: { readonly [shortage in Shortage]: Delayed } = {
  share: {
    _tag: "Delayed",
    seconds: 1,
    reason: "too much data of the project waits to be committed"
  },
  memory: { _tag: "Delayed", seconds: 1, reason: "too much data waits" }
}
