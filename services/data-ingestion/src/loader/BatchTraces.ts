import { spanOf } from "@analytics/observability/traceparent"
import { Clock, Context, Effect, Exit, Layer, Tracer } from "effect"
import type { Batch } from "./Batch.ts"
import { TraceRepo } from "./TraceRepo.ts"

/** Commits of one batch whose traces go on. */
const MOST_TRACES = 16

/** The span of one batch, from its plan to its end. */
export interface BatchTrace {
  /** Work within it; when that fails, so has the batch. */
  part<A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R>
  /** The last part. */
  last<A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R>
  /** Nothing comes of this attempt: the batch is begun anew. */
  readonly dropped: Effect.Effect<void>
}

/**
 * Goes on the traces in which the rows of a batch were written, so that a request's trace
 * ends where its events are stored. The work is told in the first of them; each other one
 * gets a span of its own that is linked with it.
 */
export class BatchTraces extends Context.Service<
  BatchTraces,
  { begin(batch: Batch): Effect.Effect<BatchTrace> }
>()("@analytics/data-ingestion/loader/BatchTraces") {
  static readonly layer = Layer.effect(
    BatchTraces,
    Effect.gen(function* () {
      const repo = yield* TraceRepo
      const tracer = yield* Effect.tracer

      const begun = Effect.fnUntraced(function* (batch: Batch) {
        const parents = distinct(yield* repo.ofBatch(batch, MOST_TRACES))
        const [first, ...others] = parents
        const span = yield* Effect.makeSpan("Loader.batch", {
          kind: "consumer",
          ...(first === undefined ? { root: true } : { parent: first }),
          links: others.map(linkTo),
          attributes: {
            "messaging.system": "postgresql",
            "messaging.operation.type": "process",
            "messaging.destination.name": "ingest.inbox",
            "messaging.batch.message_count": batch.inboxIds.length,
            "batch.id": String(batch.batchId),
            "batch.shard": batch.shard,
            "batch.lane": batch.lane,
            "batch.events": batch.events
          }
        })
        const arrivals = yield* Effect.forEach(others, (parent) =>
          Effect.makeSpan("Loader.batch", {
            kind: "consumer",
            parent,
            links: [linkTo(span)],
            attributes: { "batch.id": String(batch.batchId) }
          })
        )
        return traceOf(span, arrivals)
      })

      return BatchTraces.of({
        begin: tracer === Tracer.nativeTracer ? () => Effect.succeed(untraced) : begun
      })
    })
  ).pipe(Layer.provide(TraceRepo.layer))
}

const traceOf = (
  span: Tracer.Span,
  arrivals: ReadonlyArray<Tracer.Span>
): BatchTrace => {
  const end = (exit: Exit.Exit<unknown, unknown>) =>
    Effect.map(Clock.currentTimeNanos, (now) => {
      for (const each of [...arrivals, span]) each.end(now, exit)
    })
  return {
    part: (work) =>
      work.pipe(
        Effect.withParentSpan(span),
        Effect.onExit((exit) => (Exit.isSuccess(exit) ? Effect.void : end(exit)))
      ),
    last: (work) => Effect.onExit(Effect.withParentSpan(work, span), end),
    dropped: end(Exit.void)
  }
}

const untraced: BatchTrace = {
  part: (work) => work,
  last: (work) => work,
  dropped: Effect.void
}

/** One of each trace. */
const distinct = (traceparents: ReadonlyArray<string>) => {
  const found = new Map<string, Tracer.ExternalSpan>()
  for (const traceparent of traceparents) {
    const span = spanOf(traceparent)
    if (span !== undefined && !found.has(span.traceId)) found.set(span.traceId, span)
  }
  return [...found.values()]
}

const linkTo = (span: Tracer.AnySpan): Tracer.SpanLink => ({ span, attributes: {} })
