import { Clock, Effect, Schedule } from "effect"
import { Singleton } from "effect/cluster"
import { Scheduler } from "./Scheduler.ts"

/** Looks every second. What fails now is tried with the next look. */
const loop = Effect.gen(function* () {
  const { look } = yield* Scheduler
  yield* Effect.logInfo("this runner takes schedules")
  yield* Clock.currentTimeMillis.pipe(
    Effect.flatMap(look),
    Effect.catchCause((cause) =>
      Effect.logWarning("schedules could not be looked at", cause)
    ),
    Effect.repeat(Schedule.spaced("1 second"))
  )
})

/** One in the cluster; two for a moment make nothing twice. */
export const layer = Singleton.make("Scheduler", Effect.asVoid(loop))
