import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Queue, Schedule } from "effect"

/**
 * That the registry has changed, as Postgres tells it. Nothing is told while the
 * connection is away, so whoever waits also looks by itself after a while.
 */
export class RegistryNotes extends Context.Service<
  RegistryNotes,
  {
    /** Ends when there was one since it was asked before. */
    readonly next: Effect.Effect<void>
  }
>()("@analytics/ml-inference/registry/RegistryNotes") {
  static readonly layer = Layer.effect(
    RegistryNotes,
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      // One that has not been taken yet says it all.
      const told = yield* Queue.dropping<void>(1)
      yield* Effect.gen(function* () {
        const notes = yield* pg.listen("ml_changed")
        // Something may have happened while nobody listened.
        yield* Queue.offer(told, undefined)
        yield* Queue.take(notes).pipe(
          Effect.andThen(Queue.offer(told, undefined)),
          Effect.repeat(Schedule.forever)
        )
      }).pipe(
        Effect.scoped,
        Effect.catchCause((cause) =>
          Effect.logWarning("nothing is heard from Postgres", cause)
        ),
        Effect.repeat(Schedule.spaced("1 second")),
        Effect.forkScoped
      )
      return RegistryNotes.of({ next: Queue.take(told) })
    })
  )
}
