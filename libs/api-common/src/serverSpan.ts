import { Cause, Effect, Exit, Option } from "effect"
import { Headers, HttpTraceContext } from "effect/http"

/**
 * Runs the program of a request in a server span that continues the caller's trace. Only
 * what is answered with 500 or more is an error of it: the rest is the caller's. The path
 * is not told, because some hold what gives access.
 */
export const inServerSpan =
  <A, E>(
    { headers, method }: Request,
    route: string,
    status: {
      readonly of: (answer: A) => number
      readonly ofFailure: (exit: Exit.Failure<A, E>) => number
    }
  ) =>
  <R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(program)
      // Who asked has left: nobody is answered.
      if (Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)) return exit
      const code = Exit.isSuccess(exit) ? status.of(exit.value) : status.ofFailure(exit)
      yield* Effect.annotateCurrentSpan("http.response.status_code", code)
      if (code < 500) return exit
      yield* Effect.annotateCurrentSpan("error.type", String(code))
      if (Exit.isFailure(exit)) return yield* Effect.failCause(exit.cause)
      return exit
    }).pipe(
      Effect.withSpan(`${method} ${route}`, {
        // Who looks whether the process is well begins no trace.
        kind: probes.has(route) ? "internal" : "server",
        parent: callerOf(headers),
        attributes: { "http.route": route, "http.request.method": method }
      }),
      Effect.flatten
    )

const probes = new Set(["/livez", "/readyz", "/metrics"])

/** By W3C Trace Context; none if nothing came that can be read. */
const callerOf = (headers: Request["headers"]) => {
  const traceparent = headers.get("traceparent")
  return traceparent === null
    ? undefined
    : Option.getOrUndefined(
        HttpTraceContext.w3c(Headers.fromInput({ traceparent: traceparent.trim() }))
      )
}
