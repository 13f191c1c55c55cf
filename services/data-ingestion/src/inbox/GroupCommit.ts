/** What one request wants to have committed. */
export interface Entry<Item> {
  readonly item: Item
  readonly bytes: number
}

export interface Options<Item> {
  /** Commits running at the same time. */
  readonly slots: number
  /** The most bytes of one commit; a single larger entry still goes alone. */
  readonly maxBytes: number
  /** Makes the items durable; no two calls share a slot at the same time. */
  readonly commit: (items: ReadonlyArray<Item>, slot: number) => Promise<void>
}

interface Waiting<Item> extends Entry<Item> {
  readonly since: number
  readonly done: () => void
  readonly failed: (cause: unknown) => void
}

/**
 * Commits together whatever arrived while the commits before were in flight. Nothing
 * waits for a timer: under light load a request commits alone, under heavy load thousands
 * of events share one commit.
 *
 * Plain promises, because this runs once per request.
 */
export class GroupCommit<Item> {
  readonly #options: Options<Item>
  readonly #free: Array<number>
  readonly #inFlight = new Map<number, { since: number; bytes: number }>()
  #queue: Array<Waiting<Item>> = []
  #next = 0
  #scheduled = false
  #pendingBytes = 0
  #queuedBytes = 0
  #idle: Array<() => void> = []

  constructor(options: Options<Item>) {
    this.#options = options
    this.#free = Array.from({ length: options.slots }, (_, slot) => slot).reverse()
  }

  /** Bytes that were submitted and are not durable yet. */
  get pendingBytes(): number {
    return this.#pendingBytes
  }

  /** How long the oldest submission has been waiting, in milliseconds. */
  age(now: number): number {
    const oldest = this.#queue[this.#next]?.since ?? now
    let since = oldest
    for (const running of this.#inFlight.values())
      since = Math.min(since, running.since)
    return now - since
  }

  /** Resolves once the item is durable; rejects when that is unknown or impossible. */
  submit(entry: Entry<Item>): Promise<void> {
    return new Promise((done, failed) => {
      this.#pendingBytes += entry.bytes
      this.#queuedBytes += entry.bytes
      this.#queue.push({ ...entry, since: performance.now(), done, failed })
      if (this.#scheduled || this.#free.length === 0) return
      this.#scheduled = true
      // After the requests that arrived in the same turn of the event loop.
      setImmediate(() => {
        this.#scheduled = false
        this.#pump()
      })
    })
  }

  /** Resolves when nothing is queued or in flight. */
  drained(): Promise<void> {
    return this.#pendingBytes === 0 && this.#inFlight.size === 0
      ? Promise.resolve()
      : new Promise((resolve) => this.#idle.push(resolve))
  }

  #pump(): void {
    while (this.#next < this.#queue.length) {
      if (!this.#isWorthACommit()) return
      const slot = this.#free.pop()
      if (slot === undefined) return
      void this.#run(this.#take(), slot)
    }
  }

  /**
   * A commit costs as much as many events, whatever is in it. Beside a running one, another
   * starts only for at least half as much; a shorter queue waits for the end of that one.
   */
  #isWorthACommit(): boolean {
    for (const { bytes } of this.#inFlight.values())
      if (2 * this.#queuedBytes < bytes) return false
    return true
  }

  #take(): ReadonlyArray<Waiting<Item>> {
    const start = this.#next
    let bytes = 0
    while (this.#next < this.#queue.length) {
      const size = this.#queue[this.#next]?.bytes ?? 0
      if (bytes > 0 && bytes + size > this.#options.maxBytes) break
      bytes += size
      this.#next++
    }
    this.#queuedBytes -= bytes
    const taken = this.#queue.slice(start, this.#next)
    if (this.#next === this.#queue.length) {
      this.#queue = []
      this.#next = 0
    } else if (this.#next > 1024) {
      this.#queue = this.#queue.slice(this.#next)
      this.#next = 0
    }
    return taken
  }

  async #run(taken: ReadonlyArray<Waiting<Item>>, slot: number): Promise<void> {
    this.#inFlight.set(slot, {
      since: taken[0]?.since ?? performance.now(),
      bytes: taken.reduce((sum, { bytes }) => sum + bytes, 0)
    })
    const outcome = await this.#options
      .commit(
        taken.map(({ item }) => item),
        slot
      )
      .then(
        () => undefined,
        (cause: unknown) => ({ cause })
      )
    this.#inFlight.delete(slot)
    this.#free.push(slot)
    // The next commit starts before the answers are written.
    this.#pump()
    for (const waiting of taken) {
      this.#pendingBytes -= waiting.bytes
      if (outcome === undefined) waiting.done()
      else waiting.failed(outcome.cause)
    }
    if (this.#pendingBytes === 0 && this.#inFlight.size === 0) {
      for (const resolve of this.#idle.splice(0)) resolve()
    }
  }
}
