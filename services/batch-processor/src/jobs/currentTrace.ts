import { Effect, Option } from "effect"

/** The span that a job begins under, for W3C Trace Context; nulls outside of one. */
export const currentTrace = Effect.map(Effect.option(Effect.currentSpan), (span) =>
  Option.match(span, {
    onNone: () => ({ traceId: null, traceparent: null }),
    onSome: ({ sampled, spanId, traceId }) => ({
      traceId,
      traceparent: `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`
    })
  })
)
