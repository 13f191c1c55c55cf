import type { CountryOf } from "@analytics/data-processing/Enrichment"
import {
  type EventLine,
  lineText,
  readLine
} from "@analytics/data-processing/EventLine"
import type { HashTable } from "@analytics/data-processing/HashTable"
import { linkOf } from "@analytics/data-processing/Identity"
import type { IdHash } from "@analytics/data-processing/IdHash"
import type { InboxEvent } from "@analytics/data-processing/InboxEvent"
import type { LeftOut } from "../removals/KnownRemovals.ts"
import type { Batch, Dropped, Frame, Outcome, Quarantined } from "./Batch.ts"
import { BatchClaims } from "./BatchClaims.ts"
import { BatchRows } from "./BatchRows.ts"
import type { EventNames } from "./EventNames.ts"
import { type Fault, KeptAside } from "./KeptAside.ts"
import { LinkSet } from "./LinkSet.ts"
import { OutcomeCounts } from "./OutcomeCounts.ts"
import { Owed } from "./Owed.ts"
import { messageKey, type Post } from "./Post.ts"
import { Suspects } from "./Suspects.ts"
import { ViolationCounts } from "./ViolationCounts.ts"

/** What was to be removed is that at the time of the seal. */
export interface PlanTools extends LeftOut {
  readonly idHash: IdHash
  readonly names: EventNames
  readonly countryOf: CountryOf
  /** Whether a message may have been claimed before; `false` is certain. */
  readonly mayBeSeen: (words: Uint32Array) => boolean
}

/**
 * Works out what is to become of every event of a batch: to be stored, a duplicate, or
 * kept aside. It reads frames in inbox order and writes nothing, so that the same batch
 * can be planned again after a crash, with the same result.
 */
export class BatchPlan {
  readonly #batch: Batch
  readonly #tools: PlanTools
  readonly #poison: ReadonlyMap<string, string>
  readonly #unreadable: Map<string, string>
  readonly #firstAttempt: boolean
  /** The row that was read last, and how many lines. */
  #inboxId = -1n
  #lines = 0
  /** Messages already stored for this batch by an earlier attempt. */
  readonly #present: ReadonlySet<string>
  readonly #rows: BatchRows
  readonly #outcomes = new OutcomeCounts()
  readonly #suspects = new Suspects()
  readonly claims: BatchClaims
  readonly #aside = new KeptAside()
  readonly violations = new ViolationCounts()
  readonly #deleted: ReadonlySet<number>
  /** Links that the stored events make, by project. */
  readonly links = new Map<number, LinkSet>()
  /** Events that are lost because nobody can read the frame they were in. */
  lostEvents = 0
  /** An event could not be encoded: this plan is void, make another. */
  isVoid = false

  /**
   * @param present messages that an earlier attempt has stored, if there was one
   * @param unreadable places of events that a plan before this one could not encode, and
   *   why; what this one cannot encode is added
   */
  constructor(
    batch: Batch,
    tools: PlanTools,
    present?: ReadonlySet<string>,
    unreadable = new Map<string, string>()
  ) {
    this.#batch = batch
    this.#tools = tools
    this.#present = present ?? new Set()
    this.#firstAttempt = present === undefined
    this.#unreadable = unreadable
    this.#rows = new BatchRows(batch.batchId, tools.idHash, tools.countryOf)
    this.claims = new BatchClaims(batch.events)
    this.#deleted = new Set(batch.deletedProjects.map(Number))
    this.#poison = new Map(
      batch.poison.map(({ inboxId, index, reason }) => [`${inboxId}:${index}`, reason])
    )
  }

  /** Reads the lines of the next inbox row. */
  addRow(row: Omit<Frame, "frame">, lines: Uint8Array): void {
    // Rows that share an id follow each other: their lines are counted through.
    if (row.id !== this.#inboxId) this.#lines = 0
    this.#inboxId = row.id
    const owed = new Owed(row)
    const unreadable: Array<() => void> = []
    for (let start = 0; start < lines.length; ) {
      const newline = lines.indexOf(0x0a, start)
      const end = newline < 0 ? lines.length : newline
      const line = read(lines, start, end)
      const index = this.#lines++
      if (line instanceof Error) {
        const text = lineText({ bytes: lines, start, end })
        owed.found()
        unreadable.push(() => this.#keepText(owed.takeAny(), text, line.message))
      } else {
        owed.found(line.event.p)
        this.#addLine(row.id, index, line)
      }
      start = end + 1
    }
    // Whose they are only shows once all others are known.
    for (const keep of unreadable) keep()
    this.#lose(owed)
  }

  /** Counts the events of a row whose frame cannot be unpacked. */
  loseRow(row: Omit<Frame, "frame">): void {
    this.#lose(new Owed(row))
  }

  #lose(owed: Owed): void {
    for (const [projectId, events] of owed.lost()) {
      this.lostEvents += events
      this.#outcomes.add(projectId, "dropped", "frame_unreadable", events)
    }
  }

  #addLine(inboxId: bigint, index: number, line: EventLine): void {
    const { event } = line
    if (this.#isDropped(event)) return
    const words = this.#tools.idHash.messageWords(event.p, event.m)
    const fault = this.#faultOf(event, words, `${inboxId}:${index}`)
    if (fault !== undefined) this.#refuse(fault, line)
    else if (!this.claims.claim(words)) this.#outcomes.add(event.p, "duplicate")
    else if (this.#tools.mayBeSeen(words) && !this.#isPresent(event))
      this.#suspects.add({ line, inboxId, index, words: words.slice() })
    else this.#store(line, inboxId, index)
  }

  /** Counts an event that is not to be stored; such an event claims no messageId. */
  #isDropped(event: InboxEvent): boolean {
    const { p, x } = event
    if (this.#deleted.size > 0 && this.#deleted.has(p)) {
      this.#outcomes.add(p, "dropped", "project_deleted")
      return true
    }
    if (x === undefined) return false
    if (this.#tools.removedAs(event) === undefined) this.#aside.drop(event, x)
    this.#outcomes.add(p, "dropped", x)
    return true
  }

  /** Why an event cannot be stored. Such an event does not claim its messageId. */
  #faultOf(event: InboxEvent, words: Uint32Array, place: string): Fault | undefined {
    if (event.q !== undefined) return { reason: event.q, detail: event.qd ?? "" }
    const poison = this.#poison.get(place)
    if (poison !== undefined) {
      this.claims.refuse(words)
      return { reason: "refused_by_store", detail: poison }
    }
    const unreadable = this.#unreadable.get(place)
    if (unreadable !== undefined) return { reason: "unreadable", detail: unreadable }
    // An earlier attempt may have claimed and stored it, when there still was room.
    if (
      this.#firstAttempt &&
      event.y === "track" &&
      !this.#tools.names.allows(event.p, event.e)
    )
      return { reason: "too_many_event_names", detail: event.e }
    return undefined
  }

  #isPresent(event: InboxEvent): boolean {
    return this.#present.size > 0 && this.#present.has(messageKey(event.p, event.m))
  }

  /** How many messages wait for an exact look-up. */
  get suspectCount(): number {
    return this.#suspects.count
  }

  /** The hashes that wait for an exact look-up, four words each. */
  suspectWords(): Uint32Array<ArrayBuffer> {
    return this.#suspects.words()
  }

  /** Decides the suspects: those `claimed` by another batch are duplicates. */
  settle(claimed: HashTable): void {
    for (const { line, inboxId, index, words } of this.#suspects.take()) {
      if (claimed.has(words)) {
        this.claims.cede(words)
        this.#outcomes.add(line.event.p, "duplicate")
      } else this.#store(line, inboxId, index)
    }
  }

  #store(given: EventLine, inboxId: bigint, index: number): void {
    // It keeps its claim: sent again, it is a duplicate.
    const removed = this.#tools.removedAs(given.event)
    if (removed !== undefined) {
      this.#outcomes.add(given.event.p, removed)
      return
    }
    const event = this.#tools.withoutRemoved(given.event)
    const line = event === given.event ? given : { ...given, event }
    const knownAt = event.k ?? this.#batch.knownAt
    const isKept = !this.#isPresent(event)
    const fault = this.#rows.add(line, { inboxId, index, knownAt }, isKept)
    if (fault !== undefined) {
      this.#unreadable.set(`${inboxId}:${index}`, fault)
      this.isVoid = true
      return
    }
    const { names } = this.#tools
    if (event.y === "track") names.admit(event.p, event.e)
    this.#outcomes.add(event.p, "stored")
    if (event.w !== undefined) this.violations.add(event)
    const link = linkOf(event, knownAt)
    if (link === undefined) return
    let links = this.links.get(event.p)
    if (links === undefined) {
      links = new LinkSet()
      this.links.set(event.p, links)
    }
    links.add(link)
  }

  #refuse(fault: Fault, line: EventLine): void {
    const removed = this.#tools.removedAs(line.event)
    if (removed === undefined) this.#setAside(fault, line)
    else this.#outcomes.add(line.event.p, removed)
  }

  #setAside(fault: Fault, line: EventLine): void {
    const { event } = line
    this.#aside.quarantine(fault, line)
    this.#outcomes.add(event.p, "quarantined", fault.reason)
    if (event.w !== undefined) this.violations.add(event)
  }

  /** Keeps a line that nobody can read, for whoever can mend it. */
  #keepText(projectId: number, event: string, detail: string): void {
    if (this.#deleted.has(projectId)) {
      this.#outcomes.add(projectId, "dropped", "project_deleted")
      return
    }
    const receivedAt = this.#batch.receivedFrom.getTime()
    const reason = "unreadable"
    this.#aside.quarantineText({ reason, detail }, projectId, event, receivedAt)
    this.#outcomes.add(projectId, "quarantined", reason)
  }

  /** What is to be sent to the event store, month by month. */
  get posts(): ReadonlyArray<Post> {
    return this.#rows.posts
  }

  /** Events that are kept aside, in inbox order. */
  get quarantined(): ReadonlyArray<Quarantined> {
    return this.#aside.quarantined
  }

  /** Events that settings of their projects dropped. */
  get dropped(): ReadonlyArray<Dropped> {
    return this.#aside.dropped
  }

  get enrichmentFailures(): number {
    return this.#rows.enrichmentFailures
  }

  get storedEvents(): number {
    return this.outcomes.reduce(
      (sum, { outcome, events }) => (outcome === "stored" ? sum + events : sum),
      0
    )
  }

  get outcomes(): ReadonlyArray<Outcome> {
    return this.#outcomes.list
  }
}

const read = (lines: Uint8Array, start: number, end: number): EventLine | Error => {
  try {
    return readLine(lines, start, end)
  } catch (cause) {
    return cause instanceof Error ? cause : new Error(String(cause))
  }
}
