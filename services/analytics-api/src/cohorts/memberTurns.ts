import { Effect, Fiber, PartitionedSemaphore } from "effect"
import { QueriesUnavailable } from "../query/QueryProblems.ts"

/** Changes that one process writes at once. */
const AT_ONCE = 2
/** How long a change is waited for, its turn included. */
const PATIENCE = "30 seconds"

/**
 * Turns of changes that hold the watermark of all projects while they are written: few at
 * once, so that they are written quickly, and shared out between the projects that wait.
 * Whoever leaves gives up its place; what has begun goes on and keeps its turn to the end.
 */
export const makeMemberTurns = Effect.map(
  PartitionedSemaphore.make<number>({ permits: AT_ONCE }),
  (turns) =>
    <A, E, R>(
      projectId: number,
      change: Effect.Effect<A, E, R>
    ): Effect.Effect<A, E | QueriesUnavailable, R> =>
      Effect.uninterruptibleMask((restore) =>
        // Not in a race: whoever lost it could keep a turn that nobody gives back.
        restore(turns.take(projectId, 1)).pipe(
          Effect.andThen(
            Effect.forkDetach(restore(change).pipe(Effect.ensuring(turns.release(1))))
          ),
          Effect.flatMap((fiber) => restore(Fiber.join(fiber)))
        )
      ).pipe(
        Effect.timeoutOrElse({
          duration: PATIENCE,
          orElse: () =>
            Effect.fail(
              new QueriesUnavailable({
                detail: "It took too long and may be changed or not; send it again."
              })
            )
        })
      )
)
