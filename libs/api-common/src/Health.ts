import { Cause, Context, Deferred, Duration, Effect, Exit, Layer, Schema } from "effect"
import { HttpApiError } from "effect/http-api"

export class NotReady extends HttpApiError.Problem<NotReady>()(
  "NotReady",
  {
    type: "urn:analytics:problem:not-ready",
    status: 503,
    title: "The service cannot take requests now"
  },
  {
    /** What is not as it must be, such as dependencies; none while draining. */
    failing: Schema.Array(Schema.String)
  }
) {}

/** A check that fails with this waits for the process itself: no dependency is away. */
export class NotYet extends Schema.TaggedError<NotYet>()("NotYet", {
  /** A sentence. */
  detail: Schema.String
}) {}

/** How long a dependency may take to answer; probes ask every two seconds. */
const patience = Duration.millis(1500)

/** Whether this process should get requests. */
export class Health extends Context.Service<
  Health,
  {
    /** Fails while draining, and while a dependency does not answer. */
    readonly ready: Effect.Effect<void, NotReady>
    /** From now on `ready` fails, so that load balancers look elsewhere. */
    readonly drain: Effect.Effect<void>
    /** Waits until it drains: what would otherwise never end has to end then. */
    readonly draining: Effect.Effect<void>
  }
>()("@analytics/api-common/Health") {
  /** `checks` asks each dependency, by the name that operators know it under. */
  static readonly layer = <R = never>(
    checks: Readonly<Record<string, Effect.Effect<unknown, unknown, R>>>
  ) =>
    Layer.effect(
      Health,
      Effect.gen(function* () {
        const context = yield* Effect.context<R>()
        const draining = yield* Deferred.make<void>()

        const whyNot = Effect.fnUntraced(function* (
          name: string,
          check: Effect.Effect<unknown, unknown, R>
        ) {
          const exit = yield* check.pipe(
            Effect.timeout(patience),
            Effect.exit,
            Effect.provide(context)
          )
          if (Exit.isSuccess(exit)) return undefined
          const error = Cause.squash(exit.cause)
          if (error instanceof NotYet) return { name, detail: error.detail }
          yield* Effect.logWarning("dependency does not answer", exit.cause).pipe(
            Effect.annotateLogs({ dependency: name })
          )
          return { name, detail: `No answer from ${name}.` }
        })

        const ready = Effect.gen(function* () {
          if (yield* Deferred.isDone(draining))
            return yield* new NotReady({ failing: [], detail: "It is shutting down." })
          const found = yield* Effect.forEach(
            Object.entries(checks),
            ([name, check]) => whyNot(name, check),
            { concurrency: "unbounded" }
          )
          const failing = found.filter((it) => it !== undefined)
          if (failing.length > 0)
            return yield* new NotReady({
              failing: failing.map(({ name }) => name),
              detail: failing.map(({ detail }) => detail).join(" ")
            })
        })

        return Health.of({
          ready,
          drain: Deferred.succeed(draining, undefined),
          draining: Deferred.await(draining)
        })
      })
    )
}
