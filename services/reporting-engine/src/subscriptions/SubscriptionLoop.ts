import { Drain } from "@analytics/api-common/Drain"
import { Effect, Layer, Schedule } from "effect"
import { ScheduleSync } from "./ScheduleSync.ts"
import { AT_ONCE, SubscriptionWorker } from "./SubscriptionWorker.ts"

const BETWEEN_LOOKS = "1 second"

/** Looks all the time, and right again as long as there is something. Any number may. */
const loop = Effect.gen(function* () {
  const sync = yield* ScheduleSync
  const worker = yield* SubscriptionWorker
  const { takesUp } = yield* Drain
  const each = <E>(what: string, once: Effect.Effect<number, E>) =>
    takesUp(once).pipe(
      Effect.repeat({ until: (count) => count === 0 }),
      Effect.catchCause((cause) => Effect.logWarning(what, cause)),
      Effect.repeat(Schedule.spaced(BETWEEN_LOOKS)),
      Effect.asVoid
    )
  yield* Effect.all(
    [
      each("subscriptions cannot be scheduled", sync.once),
      // Each for itself: a slow report holds up one place.
      ...Array.from({ length: AT_ONCE }, () =>
        each("subscriptions cannot be looked at", worker.next)
      )
    ],
    { concurrency: "unbounded", discard: true }
  )
})

export const layer = Layer.effectDiscard(Effect.forkScoped(loop))
