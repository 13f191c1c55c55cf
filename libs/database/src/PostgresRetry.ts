import { Duration, Effect, Predicate, Schedule } from "effect"
import { ConnectionError, isSqlError, SqlError } from "effect/sql/SqlError"

/**
 * States that pass by themselves. The driver calls most of them unknown, so they are told
 * by SQLSTATE: shutdown, crash and start-up, no connection slot, memory or disk, deadlock,
 * serialization, lock not available.
 */
const transientStates = new Set(["57P01", "57P02", "57P03", "40001", "40P01", "55P03"])
const transientClasses = ["08", "53", "58"]

/** The SQLSTATE that Postgres sent, or `undefined` when no answer came. */
export const sqlState = (error: SqlError): string | undefined => {
  const cause = error.reason.cause
  return Predicate.hasProperty(cause, "code") &&
    Predicate.isString(cause.code) &&
    /^[0-9A-Z]{5}$/.test(cause.code)
    ? cause.code
    : undefined
}

/** Whether the same statement may work a moment later. */
export const isTransient = (error: unknown): boolean => {
  if (!isSqlError(error)) return false
  const state = sqlState(error)
  if (state === undefined) {
    // An answer over the size limit kills the connection, and would again.
    return (
      error.reason._tag === "ConnectionError" &&
      !/exceeds maxMessageSize/.test(text(error))
    )
  }
  return transientStates.has(state) || transientClasses.includes(state.slice(0, 2))
}

const text = (error: SqlError): string => `${error.message} ${error.reason.cause}`

/**
 * Runs the effect again while Postgres is away, for at most `within` (default 30 s), with
 * jittered steps of 50 ms to 2 s. Only for what may run twice: an unanswered COMMIT may
 * have happened.
 */
export const retryTransient =
  (within: Duration.Input = "30 seconds") =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.retry(effect, {
      while: isTransient,
      schedule: Schedule.min([
        Schedule.exponential("50 millis"),
        Schedule.spaced("2 seconds")
      ]).pipe(Schedule.jittered, Schedule.upTo({ duration: within }))
    })

/**
 * Fails as a lost connection when no answer came in time. A pool whose connections are all
 * taken waits for ever, so every statement on a request's path needs this.
 */
export const within =
  (duration: Duration.Input) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.timeoutOrElse(effect, {
      duration,
      orElse: () => {
        const message = `no answer from Postgres in ${Duration.format(Duration.fromInputUnsafe(duration))}`
        return Effect.fail(
          new SqlError({
            reason: new ConnectionError({ cause: new Error(message), message })
          })
        )
      }
    })
