/** How much may wait, in all projects together and in one. */
export interface QueueBounds {
  readonly events: number
  /** Of events as JSON. */
  readonly bytes: number
}

/** What waits of one project. */
export interface Lane {
  readonly projectId: number
  readonly events: Array<string>
  bytes: number
  /** Called when a whole batch is there. */
  onFull: () => void
}

/** What goes in one request. */
export interface Batch {
  readonly events: ReadonlyArray<string>
  readonly bytes: number
}

/**
 * Events of projects that wait to be sent, in order, with what is being sent of them.
 * Bounded in all; one project has half of it at most, so that none takes the room of all.
 */
export class PredictionQueue {
  readonly #bounds: QueueBounds
  readonly #batch: QueueBounds
  readonly #lanes = new Map<number, Lane>()
  /** Of one project, with what is being sent. */
  readonly #held = new Map<number, { events: number; bytes: number }>()
  #events = 0
  #bytes = 0

  constructor(bounds: QueueBounds, batch: QueueBounds) {
    this.#bounds = bounds
    this.#batch = batch
  }

  /** Events that wait or are being sent. */
  get size(): number {
    return this.#events
  }

  /** `full`: it was not taken; a lane: it is the first one there, and wants a sender. */
  offer(projectId: number, event: string): Lane | "taken" | "full" {
    const bytes = Buffer.byteLength(event)
    const held = this.#held.get(projectId) ?? { events: 0, bytes: 0 }
    if (
      this.#events >= this.#bounds.events ||
      this.#bytes + bytes > this.#bounds.bytes ||
      held.events * 2 >= this.#bounds.events ||
      (held.bytes + bytes) * 2 > this.#bounds.bytes
    )
      return "full"
    held.events++
    held.bytes += bytes
    this.#held.set(projectId, held)
    this.#events++
    this.#bytes += bytes
    const known = this.#lanes.get(projectId)
    const lane = known ?? { projectId, events: [], bytes: 0, onFull: () => {} }
    lane.events.push(event)
    lane.bytes += bytes
    if (known === undefined) {
      this.#lanes.set(projectId, lane)
      return lane
    }
    if (this.isFull(lane)) lane.onFull()
    return "taken"
  }

  /** Whether a whole batch waits. */
  isFull({ bytes, events }: Lane): boolean {
    return events.length >= this.#batch.events || bytes >= this.#batch.bytes
  }

  /** The oldest; undefined when there is nothing, and then the lane is no more. */
  take(lane: Lane): Batch | undefined {
    let bytes = 0
    let count = 0
    for (const event of lane.events) {
      const size = Buffer.byteLength(event)
      if (count > 0 && bytes + size > this.#batch.bytes) break
      bytes += size
      if (++count === this.#batch.events) break
    }
    if (count === 0) {
      if (this.#lanes.get(lane.projectId) === lane) this.#lanes.delete(lane.projectId)
      return undefined
    }
    lane.bytes -= bytes
    return { events: lane.events.splice(0, count), bytes }
  }

  /** They were sent, or given up. */
  settle(projectId: number, { bytes, events }: Batch): void {
    this.#events -= events.length
    this.#bytes -= bytes
    const held = this.#held.get(projectId)
    if (held === undefined) return
    held.events -= events.length
    held.bytes -= bytes
    if (held.events === 0) this.#held.delete(projectId)
  }
}
