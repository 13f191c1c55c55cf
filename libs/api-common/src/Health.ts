import { Context, Deferred, Duration, Effect, Layer, Schema } from "effect"
import { HttpApiError } from "effect/http-api"

export class NotReady extends HttpApiError.Problem<NotReady>()(
  "NotReady",
  {
    type: "urn:analytics:problem:not-ready",
    status: 503,
    title: "The service cannot take requests now"
  },
  {
    /** The dependencies that do not answer; none while draining. */
    failing: Schema.Array(Schema.String)
  }
) {}

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

        const failing = Effect.filter(
          Object.entries(checks),
          ([name, check]) =>
            check.pipe(
              Effect.timeout(patience),
              Effect.tapCause((cause) =>
                Effect.logWarning("dependency does not answer", cause).pipe(
                  Effect.annotateLogs({ dependency: name })
                )
              ),
              Effect.exit,
              Effect.map((exit) => exit._tag === "Failure"),
              Effect.provide(context)
            ),
          { concurrency: "unbounded" }
        )

        const ready = Effect.gen(function* () {
          if (yield* Deferred.isDone(draining))
            return yield* new NotReady({ failing: [], detail: "It is shutting down." })
          const names = (yield* failing).map(([name]) => name)
          if (names.length > 0)
            return yield* new NotReady({
              failing: names,
              detail: `No answer from ${names.join(", ")}.`
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
