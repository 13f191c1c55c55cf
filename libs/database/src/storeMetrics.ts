import {
  Clock,
  Context,
  Duration,
  Effect,
  Exit,
  Metric,
  Option,
  type Tracer
} from "effect"

const duration = Metric.histogram("db.client.operation.duration", {
  description: "Time from a request to a store to its answer",
  attributes: { unit: "s" },
  boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
})
const inUse = Metric.gauge("db.client.connection.used", {
  description: "Requests to a store that are under way"
})
const pending = Metric.gauge("db.client.connection.pending_requests", {
  description: "Of these, requests for which there is no connection yet"
})
const most = Metric.gauge("db.client.connection.max", {
  description: "Connections of the pool"
})
const wait = Metric.gauge("db.client.connection.probe_seconds", {
  description:
    "Time that an empty statement took a moment ago, most of it waiting for a connection"
})

/** Seconds after which a probe counts as lost, and between two of them. */
const PROBE_SECONDS = 10

const of = (system: "clickhouse" | "postgresql") => ({ "db.system.name": system })

/** Counts what one pool has under way; what is beyond its connections waits. */
export const poolOf = (system: "clickhouse", connections: number) => {
  const attributes = of(system)
  const shown = {
    used: Metric.withAttributes(inUse, attributes),
    pending: Metric.withAttributes(pending, attributes)
  }
  const empty = Context.empty()
  let running = 0
  const change = (by: number) => {
    running += by
    shown.used.updateUnsafe(running, empty)
    shown.pending.updateUnsafe(Math.max(0, running - connections), empty)
  }
  Metric.withAttributes(most, attributes).updateUnsafe(connections, empty)
  change(0)
  return <A, E, R>(operation: string, work: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.andThen(
        Effect.sync(() => change(1)),
        Clock.currentTimeNanos
      ),
      () => work,
      (startedAt, exit) =>
        Effect.flatMap(Clock.currentTimeNanos, (now) => {
          change(-1)
          return Metric.update(
            Metric.withAttributes(duration, {
              ...attributes,
              "db.operation.name": operation,
              ...(Exit.isSuccess(exit) ? {} : { "error.type": "error" })
            }),
            Number(now - startedAt) / 1e9
          )
        })
    )
}

/** By the machine's own clock: one that a test moves by hours would ask thousands of times. */
const pause = Effect.callback<void>((resume) => {
  const timer = setTimeout(() => resume(Effect.void), PROBE_SECONDS * 1000)
  return Effect.sync(() => clearTimeout(timer))
})

/** Asks now and then, as who has to wait for a connection would. Never fails. */
export const probing = <E>(ask: Effect.Effect<unknown, E>) => {
  const metric = Metric.withAttributes(wait, of("postgresql"))
  metric.updateUnsafe(0, Context.empty())
  return pause.pipe(
    Effect.andThen(
      Effect.timed(Effect.ignore(Effect.timeoutOption(ask, `${PROBE_SECONDS} seconds`)))
    ),
    Effect.flatMap(([took]) => Metric.update(metric, Duration.toSeconds(took))),
    Effect.forever
  )
}

/** W3C Trace Context for a request that is made now; real servers log their part by it. */
export const traceHeaders: Effect.Effect<Record<string, string>> = Effect.map(
  Effect.option(Effect.currentSpan),
  (span) =>
    Option.match(span, {
      onNone: () => ({}),
      onSome: ({ sampled, spanId, traceId }: Tracer.Span) => ({
        traceparent: `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`
      })
    })
)
