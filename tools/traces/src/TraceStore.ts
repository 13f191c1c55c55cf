import type { Span } from "./Span.ts"

export interface Room {
  /** Traces and spans that are remembered; the oldest go first. */
  readonly traces: number
  readonly spans: number
}

export interface Trace {
  readonly traceId: string
  /** In the order in which they began. */
  readonly spans: ReadonlyArray<Span>
}

interface Kept {
  readonly spans: Map<string, Span>
  /** `performance.now()` when the last span came. */
  changedAt: number
  /** How many spans it had when it was told. */
  told: number
}

/** What was received, by trace, in bounded memory. */
export class TraceStore {
  readonly #room: Room
  readonly #traces = new Map<string, Kept>()
  #spans = 0

  constructor(room: Room = { traces: 2000, spans: 100_000 }) {
    this.#room = room
  }

  /** Spans that are remembered. */
  get size(): number {
    return this.#spans
  }

  add(spans: ReadonlyArray<Span>, now = performance.now()): void {
    for (const span of spans) {
      const kept = this.#traces.get(span.traceId) ?? this.#begun(span.traceId)
      if (!kept.spans.has(span.spanId)) {
        // One trace that never ends is all there is to forget.
        if (kept.spans.size >= this.#room.spans) continue
        this.#spans++
      }
      kept.spans.set(span.spanId, span)
      kept.changedAt = now
    }
    while (
      this.#traces.size > 1 &&
      (this.#traces.size > this.#room.traces || this.#spans > this.#room.spans)
    )
      this.#forgetOldest()
  }

  find(traceId: string): Trace | undefined {
    const kept = this.#traces.get(traceId)
    return kept && traceOf(traceId, kept)
  }

  /** Oldest first. */
  all(): ReadonlyArray<Trace> {
    return [...this.#traces].map(([traceId, kept]) => traceOf(traceId, kept))
  }

  /** Traces that got nothing for so many milliseconds and have more than was told. */
  takeQuiet(quiet: number, now = performance.now()): ReadonlyArray<Trace> {
    const found: Array<Trace> = []
    for (const [traceId, kept] of this.#traces) {
      if (kept.told === kept.spans.size || now - kept.changedAt < quiet) continue
      kept.told = kept.spans.size
      found.push(traceOf(traceId, kept))
    }
    return found
  }

  #begun(traceId: string): Kept {
    const kept: Kept = { spans: new Map(), changedAt: 0, told: 0 }
    this.#traces.set(traceId, kept)
    return kept
  }

  #forgetOldest(): void {
    for (const [traceId, { spans }] of this.#traces) {
      this.#traces.delete(traceId)
      this.#spans -= spans.size
      return
    }
  }
}

const traceOf = (traceId: string, { spans }: Kept): Trace => ({
  traceId,
  spans: [...spans.values()].sort((a, b) =>
    a.start < b.start ? -1 : a.start > b.start ? 1 : 0
  )
})
