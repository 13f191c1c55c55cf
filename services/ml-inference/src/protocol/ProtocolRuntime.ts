import { measureRequests } from "@analytics/api-common/RequestMetrics"
import { inServerSpan } from "@analytics/api-common/serverSpan"
import type { WireSchema } from "@analytics/api-common/WireSchema"
import {
  Cause,
  Context,
  Effect,
  Exit,
  type ManagedRuntime,
  Option,
  Schema,
  Tracer
} from "effect"
import {
  errorResponse,
  failureOf,
  type ProtocolFailure,
  unexpected
} from "./failures.ts"

/** The one place where HTTP meets Effect under `/v2`. */
export interface ProtocolRuntime<R> {
  /** Runs a program that makes the response; a failure becomes `{"error": "…"}`. */
  respond(
    request: Request,
    route: string,
    program: Effect.Effect<Response, ProtocolFailure, R>
  ): Promise<Response>
  /** The same for a program whose answer is JSON. */
  answer<S extends WireSchema>(
    request: Request,
    route: string,
    schema: S,
    program: Effect.Effect<S["Type"], ProtocolFailure, R>
  ): Promise<Response>
}

/**
 * Leaner than `effectPlugin`, because a small model answers in less time than that takes:
 * a span is only made where somebody collects spans.
 */
export const protocolRuntime = <R, ER>(
  runtime: ManagedRuntime.ManagedRuntime<R, ER>
): ProtocolRuntime<R> => {
  const measure = measureRequests(runtime)

  const respond: ProtocolRuntime<R>["respond"] = async (request, route, program) => {
    const startedAt = performance.now()
    const context = runtime.cachedContext
    const traced =
      context !== undefined &&
      Context.get(context, Tracer.Tracer) !== Tracer.nativeTracer
        ? inServerSpan(request, route, statuses)(program)
        : program
    const answered = Effect.catch(traced, (failure) =>
      Effect.succeed(errorResponse(failureOf(failure)))
    )
    const exit =
      context === undefined
        ? await runtime.runPromiseExit(answered, { signal: request.signal })
        : await run(context, answered, request.signal)
    const response = Exit.isSuccess(exit) ? exit.value : died(exit.cause, route)
    measure(request.method, route, response.status, startedAt)
    return response
  }

  const died = (cause: Cause.Cause<unknown>, route: string): Response => {
    if (!Cause.hasInterruptsOnly(cause))
      runtime.runFork(
        Effect.logError("request died", cause).pipe(
          Effect.annotateLogs({ "http.route": route })
        )
      )
    return errorResponse(unexpected)
  }

  return {
    respond,
    answer: (request, route, schema, program) => {
      const encode = Schema.encodeEffect(schema)
      return respond(
        request,
        route,
        // An answer that does not fit its own schema is our defect, never the caller's.
        Effect.map(
          Effect.flatMap(program, (value) => Effect.orDie(encode(value))),
          (encoded) => Response.json(encoded)
        )
      )
    }
  }
}

/**
 * `runPromiseExit` without what a small model would feel: nothing is taken off the signal,
 * which goes with its request, and the runtime need not know the fiber, because the server
 * waits for its requests before the runtime is disposed of.
 */
const run = <A, E, R>(
  context: Context.Context<R>,
  program: Effect.Effect<A, E, R>,
  signal: AbortSignal
): Exit.Exit<A, E> | Promise<Exit.Exit<A, E>> => {
  const fiber = Effect.runForkWith(context)(program)
  const exit = fiber.pollUnsafe()
  if (exit !== undefined) return exit
  if (signal.aborted) fiber.interruptUnsafe()
  else signal.addEventListener("abort", () => fiber.interruptUnsafe())
  return new Promise((resolve) => {
    fiber.addObserver(resolve)
  })
}

const statuses = {
  of: ({ status }: Response) => status,
  ofFailure: (exit: Exit.Failure<Response, ProtocolFailure>) =>
    Option.match(Exit.findErrorOption(exit), {
      onNone: () => unexpected,
      onSome: failureOf
    }).status
}
