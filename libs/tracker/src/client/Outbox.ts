import type { NativeEvent } from "./NativeEvent.ts"

/** An event with what is sent of it, written once so that every try sends the same. */
export interface Waiting {
  readonly event: NativeEvent
  readonly text: string
  readonly bytes: number
}

export interface Bounds {
  readonly events: number
  readonly bytes: number
  readonly drop: "oldest" | "newest"
}

const encoder = new TextEncoder()

/** Throws what `JSON.stringify` does of what is no JSON. */
export const waiting = (event: NativeEvent): Waiting => {
  const text = JSON.stringify(event)
  return { event, text, bytes: encoder.encode(text).length }
}

/** Events in their order until the service has them, some of them on their way. */
export class Outbox {
  readonly #bounds: Bounds
  readonly #open = new Set<Waiting>()
  #events: Array<Waiting> = []
  #bytes = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#events.length
  }

  /** Those that are not on their way. */
  get idle(): number {
    return this.#events.length - this.#open.size
  }

  get events(): ReadonlyArray<NativeEvent> {
    return this.#events.map(({ event }) => event)
  }

  /** A list in JSON, as they are sent. */
  get text(): string {
    return `[${this.#events.map(({ text }) => text).join()}]`
  }

  has(entry: Waiting): boolean {
    return this.#events.includes(entry)
  }

  /** What had to go for it, itself perhaps. */
  add(entry: Waiting): ReadonlyArray<Waiting> {
    const gone: Array<Waiting> = []
    while (this.size > 0 && this.#isFullFor(entry)) {
      // What is on its way may be taken already, so it goes last.
      const oldest = this.#events.find((each) => !this.#open.has(each))
      if (this.#bounds.drop === "newest" || oldest === undefined)
        return [...gone, entry]
      gone.push(oldest)
      this.remove([oldest])
    }
    if (this.#isFullFor(entry)) return [...gone, entry]
    this.#events.push(entry)
    this.#bytes += entry.bytes
    return gone
  }

  #isFullFor({ bytes }: Waiting): boolean {
    return (
      this.size + 1 > this.#bounds.events || this.#bytes + bytes > this.#bounds.bytes
    )
  }

  /** The oldest that are not on their way, which they then are; one at least, if any. */
  take(most: number, mostBytes: number): ReadonlyArray<Waiting> {
    const batch: Array<Waiting> = []
    let bytes = 0
    for (const entry of this.#events) {
      if (this.#open.has(entry)) continue
      // A comma goes between them.
      bytes += entry.bytes + 1
      if (batch.length > 0 && (batch.length >= most || bytes > mostBytes)) break
      batch.push(entry)
      this.#open.add(entry)
    }
    return batch
  }

  /** They are on their way no more, and wait in their old place. */
  putBack(batch: ReadonlyArray<Waiting>): void {
    for (const entry of batch) this.#open.delete(entry)
  }

  remove(batch: ReadonlyArray<Waiting>): void {
    const gone = new Set(batch)
    this.putBack(batch)
    this.#events = this.#events.filter((entry) => {
      if (gone.has(entry)) this.#bytes -= entry.bytes
      return !gone.has(entry)
    })
  }

  /** Writes those anew that are not on their way. */
  rewrite(change: (event: NativeEvent) => NativeEvent): void {
    this.#events = this.#events.map((entry) =>
      // As it was told, whatever a program made of its objects since.
      this.#open.has(entry) ? entry : waiting(change(JSON.parse(entry.text)))
    )
    this.#bytes = this.#events.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  clear(): ReadonlyArray<Waiting> {
    const gone = this.#events
    this.remove(gone)
    return gone
  }
}
