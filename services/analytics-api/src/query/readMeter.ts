import { Cause, Clock, Effect, Exit, Option } from "effect"
import { QueriesUnavailable } from "./QueryProblems.ts"

/** What the event store reads when it does nothing else, about. */
export const BYTES_PER_MS = 2 ** 20
/** Of a stored event, about: with everything it can carry. */
const BYTES_PER_ROW = 1024

/**
 * Adds up what the statements of one query read. Of one that failed, or was given up, only
 * its time is known: it counts as what the store can read in that time, but not as more
 * than `mostRows` rows hold. That the store cannot be reached is nobody's fault who asks.
 */
export const readMeter = (mostRows: number) => {
  let bytes = 0
  const unanswered = (elapsedMs: number) =>
    Math.min(mostRows * BYTES_PER_ROW, elapsedMs * BYTES_PER_MS)
  return {
    bytes: () => bytes,
    metered: <A extends { readonly bytesRead?: number }, E, R>(
      statement: Effect.Effect<A, E, R>
    ): Effect.Effect<A, E, R> =>
      Effect.flatMap(Clock.currentTimeMillis, (startedAt) =>
        Effect.onExit(statement, (exit) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            bytes += Exit.isSuccess(exit)
              ? (exit.value.bytesRead ?? 0)
              : isOurs(exit.cause)
                ? 0
                : unanswered(now - startedAt)
          })
        )
      )
  }
}

const isOurs = (cause: Cause.Cause<unknown>): boolean =>
  Option.getOrUndefined(Cause.findErrorOption(cause)) instanceof QueriesUnavailable

export type ReadMeter = ReturnType<typeof readMeter>
