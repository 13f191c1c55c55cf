import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, PubSub, Queue, Schedule } from "effect"

/**
 * What Postgres tells at once: that there is a job in the queue, that one is to be
 * cancelled. Whoever waits asks again by itself after a while, because nothing is told
 * while the connection is away.
 */
export class Wakeups extends Context.Service<
  Wakeups,
  {
    /** Ends when the next job was queued, or an ended one made room. */
    readonly queued: Effect.Effect<void>
    /** Ends when the next cancellation was asked for. */
    readonly cancelled: Effect.Effect<void>
  }
>()("@analytics/batch-processor/jobs/Wakeups") {
  static readonly layer = Layer.effect(
    Wakeups,
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      const of = Effect.fnUntraced(function* (channel: string) {
        // One that has not been taken yet says it all.
        const told = yield* PubSub.dropping<void>(1)
        const next = yield* PubSub.subscribe(told)
        yield* Effect.gen(function* () {
          const notes = yield* pg.listen(channel)
          // Something may have happened while nobody listened.
          yield* PubSub.publish(told, undefined)
          yield* Queue.take(notes).pipe(
            Effect.andThen(PubSub.publish(told, undefined)),
            Effect.repeat(Schedule.forever)
          )
        }).pipe(
          Effect.scoped,
          Effect.catchCause((cause) =>
            Effect.logWarning("nothing is heard from Postgres", cause).pipe(
              Effect.annotateLogs({ channel })
            )
          ),
          Effect.repeat(Schedule.spaced("1 second")),
          Effect.forkScoped
        )
        return PubSub.take(next)
      })
      return Wakeups.of({
        queued: yield* of("jobs_queued"),
        cancelled: yield* of("jobs_cancelled")
      })
    })
  )
}
