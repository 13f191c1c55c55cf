import { Drain } from "@analytics/api-common/Drain"
import { Clock, Effect, Layer, Schedule } from "effect"
import { Evaluator } from "./Evaluator.ts"
import { NoticeSender } from "./NoticeSender.ts"

/**
 * Looks every two seconds at what is due; any number of processes may. What fails now is
 * tried with the next look.
 */
const loop = Effect.gen(function* () {
  const { look } = yield* Evaluator
  const { send } = yield* NoticeSender
  const { takesUp } = yield* Drain
  const each = <E>(
    what: string,
    effect: (now: number) => Effect.Effect<number, E>
  ): Effect.Effect<void> =>
    Clock.currentTimeMillis.pipe(
      Effect.flatMap(effect),
      takesUp,
      Effect.catchCause((cause) => Effect.logWarning(what, cause)),
      Effect.repeat(Schedule.spaced("2 seconds")),
      Effect.asVoid
    )
  // A look may wait for answers, which notices that are due must not.
  yield* Effect.all(
    [
      each("alerts could not be looked at", look),
      each("notices could not be sent", send)
    ],
    { concurrency: 2, discard: true }
  )
})

export const layer = Layer.effectDiscard(Effect.forkScoped(loop))
