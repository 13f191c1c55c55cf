import type { DirectConnection } from "@analytics/database/DirectConnection"
import { type Duration, Effect, Schedule } from "effect"
import { LockFailed, unavailable } from "./MigrateError.ts"

/** Any number that nothing else in this database uses. */
const key = "4715280903261"

/**
 * Runs `work` alone among all migrating processes, for both stores. The lock is the
 * session's: when its connection is lost, the work is interrupted.
 *
 * It asks again and again instead of waiting inside Postgres, because a waiting statement
 * would hold up CREATE INDEX CONCURRENTLY in the process that has the lock.
 */
export const holding =
  (connection: DirectConnection, patience: Duration.Input) =>
  <A, E, R>(work: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const first = yield* tryLock(connection)
      if (!first) {
        yield* Effect.logInfo("another process is migrating, waiting for it")
        yield* tryLock(connection).pipe(
          Effect.repeat({
            until: (locked) => locked,
            schedule: Schedule.spaced("200 millis")
          }),
          Effect.timeoutOrElse({
            duration: patience,
            orElse: () =>
              Effect.fail(
                new LockFailed({
                  reason: "another process is still migrating; gave up waiting"
                })
              )
          })
        )
      }
      return yield* work.pipe(
        Effect.ensuring(
          Effect.ignore(connection.query("SELECT pg_advisory_unlock($1)", [key]))
        ),
        Effect.raceFirst(
          connection.lost.pipe(
            Effect.mapError(
              ({ reason }) => new LockFailed({ reason: `lost the lock: ${reason}` })
            )
          )
        )
      )
    })

const tryLock = (connection: DirectConnection) =>
  connection
    .query<{ locked: boolean }>("SELECT pg_try_advisory_lock($1) AS locked", [key])
    .pipe(
      Effect.map((rows) => rows[0]?.locked === true),
      Effect.mapError(unavailable("postgres"))
    )
