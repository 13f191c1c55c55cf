import { Effect, Layer, Schedule } from "effect"
import { KeyRing } from "../keys/KeyRing.ts"
import { PurgeRepo } from "./PurgeRepo.ts"

/** Projects told to the store at a time. */
const AT_ONCE = 1000

/**
 * Tells the store of projects that the keys say are deleted, a second after they do. What
 * could not be told is told again.
 */
export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const keys = yield* KeyRing
    const purges = yield* PurgeRepo
    const told = new Set<number>()
    yield* Effect.suspend(() => {
      const fresh = [...keys.deletedProjects().difference(told)].slice(0, AT_ONCE)
      return fresh.length === 0
        ? Effect.void
        : Effect.andThen(
            purges.register(fresh),
            Effect.sync(() => {
              for (const projectId of fresh) told.add(projectId)
            })
          )
    }).pipe(
      Effect.catchCause((cause) =>
        Effect.logWarning("deleted projects cannot be noted yet", cause)
      ),
      Effect.repeat(Schedule.spaced("1 second")),
      Effect.forkScoped
    )
  })
)
