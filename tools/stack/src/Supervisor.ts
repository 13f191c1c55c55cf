import { Deferred, Duration, Effect, Fiber, Schedule, type Scope } from "effect"
import { LogStream } from "./LogStream.ts"
import { describeExit, type ExitStatus, type Part, PartFailed } from "./Part.ts"

export interface Limits {
  /** How long a part may take to become ready, the first time. */
  readonly readyWithin: Duration.Duration
  /** Ends before the first readiness that are put up with. */
  readonly startAttempts: number
  readonly firstBackoff: Duration.Duration
  readonly longestBackoff: Duration.Duration
  /** After this long in good health the backoff begins anew. */
  readonly healthyAfter: Duration.Duration
}

export const defaultLimits: Limits = {
  readyWithin: Duration.seconds(60),
  startAttempts: 3,
  firstBackoff: Duration.millis(100),
  longestBackoff: Duration.seconds(10),
  healthyAfter: Duration.seconds(10)
}

export interface Supervised {
  readonly part: Part
  /** Ends when the part is ready for the first time, or fails when it will not be. */
  readonly ready: Effect.Effect<void, PartFailed>
  /** Stops the part and its supervision; ends when its processes are gone. */
  readonly stop: Effect.Effect<void>
}

/**
 * Keeps a part running until the scope closes. Before its first readiness a few failures end
 * the start; afterwards it is restarted for ever, ever more slowly, with an alarm in the log.
 */
export const supervise = Effect.fn("Supervisor.supervise")(function* (
  part: Part,
  needs: Effect.Effect<void, PartFailed>,
  onSpawn: (part: Part, pid: number) => void,
  limits: Limits = defaultLimits
): Effect.fn.Return<Supervised, never, LogStream | Scope.Scope> {
  const logs = yield* LogStream
  const firstReady = yield* Deferred.make<void, PartFailed>()
  let failures = 0

  const failed = (what: string) =>
    new PartFailed({
      part: part.name,
      message: [
        `${part.name} ${what}`,
        ...logs.tail(part.name).map((it) => `  | ${it}`)
      ].join("\n")
    })

  const late = Effect.fnUntraced(function* (message: string) {
    const what = `is not ready after ${Duration.format(limits.readyWithin)}: ${message}`
    const first = yield* Deferred.fail(firstReady, failed(what))
    if (!first) yield* Effect.logError(`${part.name} was restarted, but ${what}`)
  })

  /** One life of the part, up to its end. */
  const live = Effect.scoped(
    Effect.gen(function* () {
      const running = yield* part.start((pid) => onSpawn(part, pid))
      const since = performance.now()
      yield* becomeReady(part, limits).pipe(
        Effect.andThen(Deferred.succeed(firstReady, undefined)),
        Effect.catchTag("NotReady", ({ message }) => late(message)),
        Effect.forkScoped
      )
      const status = yield* running.exited
      if (performance.now() - since > Duration.toMillis(limits.healthyAfter))
        failures = 0
      return status
    })
  )

  const ended = Effect.fnUntraced(function* (what: string) {
    failures++
    const started = yield* Deferred.isDone(firstReady)
    if (!started && failures >= limits.startAttempts) {
      yield* Deferred.fail(firstReady, failed(`${what}, ${failures} times in a row`))
      return yield* Effect.never
    }
    const wait = backoff(failures, limits)
    const message = `${part.name} ${what}; restarting in ${Duration.format(wait)}`
    yield* failures > 3
      ? Effect.logError(`${message} (failure ${failures} in a row)`)
      : Effect.logWarning(message)
    yield* Effect.sleep(wait)
  })

  const lives = live.pipe(
    Effect.map((status: ExitStatus) => describeExit(status)),
    Effect.catchTag("PartFailed", ({ message }) => Effect.succeed(message)),
    Effect.flatMap(ended),
    Effect.forever
  )

  const fiber = yield* needs.pipe(
    Effect.andThen(lives),
    Effect.catchTag("PartFailed", (error) => Deferred.fail(firstReady, error)),
    Effect.forkScoped
  )
  return { part, ready: Deferred.await(firstReady), stop: Fiber.interrupt(fiber) }
})

const becomeReady = (part: Part, limits: Limits) =>
  part.ready.pipe(
    Effect.retry(
      Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: limits.readyWithin }))
    )
  )

const backoff = (failures: number, limits: Limits): Duration.Duration =>
  Duration.min(
    Duration.times(limits.firstBackoff, 2 ** Math.min(failures - 1, 16)),
    limits.longestBackoff
  )
