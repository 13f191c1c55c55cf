import { Effect, Option, type Tracer } from "effect"
import { Headers, HttpTraceContext } from "effect/http"

/** The span that a W3C `traceparent` names; none if there is none that can be read. */
export const spanOf = (
  traceparent: string | null | undefined
): Tracer.ExternalSpan | undefined =>
  traceparent === null || traceparent === undefined
    ? undefined
    : Option.getOrUndefined(
        HttpTraceContext.w3c(Headers.fromInput({ traceparent: traceparent.trim() }))
      )

/** The current span as `traceparent`, for who goes on with the work; null outside of one. */
export const currentTraceparent: Effect.Effect<string | null> = Effect.map(
  Effect.option(Effect.currentSpan),
  (span) =>
    Option.match(span, {
      onNone: () => null,
      onSome: ({ sampled, spanId, traceId }) =>
        `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`
    })
)

/** The same for rows that are many: null too for a trace that nobody keeps. */
export const sampledTraceparent: Effect.Effect<string | null> = Effect.map(
  currentTraceparent,
  (traceparent) => (traceparent?.endsWith("-01") === true ? traceparent : null)
)
