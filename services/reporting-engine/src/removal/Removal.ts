import { DeletedProjects } from "@analytics/api-common/access/DeletedProjects"
import { Effect, Layer, Schedule } from "effect"
import { removeDeleted } from "./removeDeleted.ts"
import { removeOldFiles, removeOldRuns } from "./removeOld.ts"
import { removeOldMessages } from "./removeOldMessages.ts"

/** Looks at one deleted project: a day and more of them. Nobody writes for it by then. */
const LOOKS = 150

/**
 * Looks again and again: a run that was being made may still write for a project that is
 * gone, and what could not be removed is removed the next time.
 */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const every = <E, R>(
      what: Effect.Effect<void, E, R>,
      spaced: "10 minutes" | "1 day"
    ) =>
      what.pipe(
        Effect.catchCause((cause) =>
          Effect.logWarning("what reports have left was not removed", cause)
        ),
        Effect.repeat(Schedule.spaced(spaced)),
        Effect.forkScoped
      )
    const { ids } = yield* DeletedProjects
    const looks = new Map<number, number>()
    const ofDeleted = Effect.gen(function* () {
      const left = [...(yield* ids)].filter((id) => (looks.get(id) ?? 0) < LOOKS)
      yield* removeDeleted(left)
      for (const id of left) looks.set(id, (looks.get(id) ?? 0) + 1)
    })
    yield* every(ofDeleted, "10 minutes")
    yield* every(removeOldRuns, "10 minutes")
    yield* every(removeOldMessages, "10 minutes")
    yield* every(removeOldFiles, "1 day")
  })
)
