import { type Context, SpanStatusCode, TraceFlags } from "@opentelemetry/api"
import type { ReadableSpan, Span, SpanProcessor } from "@opentelemetry/sdk-trace-base"

export interface Notable {
  readonly errors: boolean
  /** Milliseconds; 0: however slow. */
  readonly slowerThan: number
  /** Spans that are held at the same time. */
  readonly mostSpans: number
}

/** Spans of one trace; the oldest of a longer one are let go. */
const MOST_OF_A_TRACE = 512

interface Held {
  open: number
  notable: boolean
  readonly spans: Array<ReadableSpan>
}

/**
 * Hands sampled spans on. Of the others it holds what this process does for one request
 * or job until that has ended, and hands it on when it failed or was slow, else lets it go.
 *
 * Only the part that no other span of this process is the parent of decides: what failed
 * inside it was dealt with. Other services judge their parts by themselves.
 */
export class KeepNotable implements SpanProcessor {
  readonly #next: SpanProcessor
  readonly #notable: Notable
  readonly #traces = new Map<string, Held>()
  #count = 0
  #dropped = 0

  constructor(next: SpanProcessor, notable: Notable) {
    this.#next = next
    this.#notable = notable
  }

  /** Spans that are held now. */
  get held(): number {
    return this.#count
  }

  /** Spans that were let go for want of room, before it was known what they were. */
  get dropped(): number {
    return this.#dropped
  }

  onStart(span: Span, context: Context): void {
    this.#next.onStart(span, context)
    const { traceFlags, traceId } = span.spanContext()
    if ((traceFlags & TraceFlags.SAMPLED) !== 0) return
    const held = this.#traces.get(traceId)
    if (held !== undefined) held.open++
    else this.#traces.set(traceId, { open: 1, notable: false, spans: [] })
    // A span that never ends must not keep its trace for ever.
    if (this.#traces.size > this.#notable.mostSpans) this.#forgetOldest()
  }

  onEnd(span: ReadableSpan): void {
    const { traceFlags, traceId } = span.spanContext()
    if ((traceFlags & TraceFlags.SAMPLED) !== 0) {
      this.#next.onEnd(span)
      return
    }
    const held = this.#traces.get(traceId)
    if (held === undefined) return
    held.open--
    held.spans.push(span)
    this.#count++
    if (held.spans.length > MOST_OF_A_TRACE) {
      held.spans.shift()
      this.#count--
      this.#dropped++
    }
    if (isLocalRoot(span) && this.#isNotable(span)) held.notable = true
    if (held.open <= 0) {
      this.#remove(traceId, held)
      if (held.notable) for (const each of held.spans) this.#next.onEnd(sampled(each))
    }
    while (this.#count > this.#notable.mostSpans) this.#forgetOldest()
  }

  forceFlush(): Promise<void> {
    return this.#next.forceFlush()
  }

  shutdown(): Promise<void> {
    this.#traces.clear()
    this.#count = 0
    return this.#next.shutdown()
  }

  #isNotable({ attributes, duration, status }: ReadableSpan): boolean {
    const { errors, slowerThan } = this.#notable
    const [seconds, nanoseconds] = duration
    const milliseconds = seconds * 1000 + nanoseconds / 1e6
    return (
      (errors &&
        (status.code === SpanStatusCode.ERROR ||
          Number(attributes["http.response.status_code"]) >= 500)) ||
      (slowerThan > 0 && milliseconds >= slowerThan)
    )
  }

  #remove(traceId: string, held: Held): void {
    this.#traces.delete(traceId)
    this.#count -= held.spans.length
  }

  #forgetOldest(): void {
    for (const [traceId, held] of this.#traces) {
      this.#remove(traceId, held)
      this.#dropped += held.spans.length
      return
    }
  }
}

const isLocalRoot = ({ parentSpanContext }: ReadableSpan): boolean =>
  parentSpanContext === undefined || parentSpanContext.isRemote === true

/** As if it had been sampled: what exports looks at the flag. */
const sampled = (span: ReadableSpan): ReadableSpan => {
  const context = { ...span.spanContext(), traceFlags: TraceFlags.SAMPLED }
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => context,
    ...(span.parentSpanContext === undefined
      ? {}
      : { parentSpanContext: span.parentSpanContext }),
    startTime: span.startTime,
    endTime: span.endTime,
    status: span.status,
    attributes: { ...span.attributes, "sampling.kept": true },
    links: span.links,
    events: span.events,
    duration: span.duration,
    ended: span.ended,
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount
  }
}
