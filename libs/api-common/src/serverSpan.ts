import { Cause, Effect, Exit, Option, type Tracer } from "effect"
import { Headers, HttpTraceContext } from "effect/http"

/** The caller's span by W3C Trace Context; none if it sent none that can be read. */
export const callerSpan = (headers: {
  get(name: string): string | null
}): Tracer.ExternalSpan | undefined => {
  const traceparent = headers.get("traceparent")
  return traceparent === null
    ? undefined
    : Option.getOrUndefined(
        HttpTraceContext.w3c(Headers.fromInput({ traceparent: traceparent.trim() }))
      )
}

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
        kind: "server",
        parent: callerSpan(headers),
        attributes: { "http.route": route, "http.request.method": method }
      }),
      Effect.flatten
    )
