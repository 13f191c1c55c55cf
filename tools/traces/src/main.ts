import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Console, Effect, Option, Schedule } from "effect"
import { Command, Flag } from "effect/cli"
import { drawTrace } from "./drawTrace.ts"
import { isShown } from "./Filter.ts"
import { receiver } from "./receiver.ts"
import { TraceStore } from "./TraceStore.ts"

/** How often it is looked whether a trace has become quiet. */
const BETWEEN = "200 millis"

const flags = {
  port: Flag.Int("port").pipe(
    Flag.withDefault(4318),
    Flag.withDescription("Where to listen for OTLP over HTTP")
  ),
  service: Flag.String("service").pipe(
    Flag.optional,
    Flag.withDescription("Only traces that this service has a part in")
  ),
  slow: Flag.Finite("slow").pipe(
    Flag.optional,
    Flag.withDescription("Only traces with a span of so many milliseconds")
  ),
  error: Flag.Boolean("error").pipe(
    Flag.withDefault(false),
    Flag.withDescription("Only traces in which something failed")
  ),
  trace: Flag.String("trace").pipe(
    Flag.optional,
    Flag.withDescription("Only the trace whose id begins so")
  ),
  name: Flag.String("name").pipe(
    Flag.optional,
    Flag.withDescription("Only traces with a span whose name has this in it")
  ),
  quiet: Flag.Finite("quiet").pipe(
    Flag.withDefault(2),
    Flag.withDescription("Seconds without a new span after which a trace is drawn")
  )
}

const command = Command.make("traces", flags, (given) =>
  Effect.scoped(
    Effect.gen(function* () {
      const store = new TraceStore()
      const server = yield* receiver(store, { port: given.port })
      const look = {
        color: process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined,
        width: process.stdout.columns ?? 160
      }
      const filter = {
        service: Option.getOrUndefined(given.service),
        slow: Option.getOrUndefined(given.slow),
        trace: Option.getOrUndefined(given.trace),
        name: Option.getOrUndefined(given.name),
        errors: given.error
      }
      yield* Console.log(
        `Waiting for traces. In another terminal:\n  OTEL_EXPORTER_OTLP_ENDPOINT=${server.url.origin} make start\n`
      )
      yield* Effect.suspend(() =>
        Effect.forEach(
          store.takeQuiet(given.quiet * 1000).filter((it) => isShown(it, filter)),
          (trace) => Console.log(`${drawTrace(trace, look)}\n`),
          { discard: true }
        )
      ).pipe(Effect.repeat(Schedule.spaced(BETWEEN)))
    })
  )
).pipe(Command.withDescription("Show the traces of the services as trees"))

if (import.meta.main)
  Command.run(command, { version: "0.1.0" }).pipe(
    Effect.tapError((error) =>
      "message" in error ? Console.error(`error: ${error.message}`) : Effect.void
    ),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({ disableErrorReporting: true })
  )
