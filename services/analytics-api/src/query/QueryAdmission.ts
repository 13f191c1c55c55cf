import { RequestNotes } from "@analytics/api-common/RequestNotes"
import { Clock, Duration, Effect, Option, Semaphore } from "effect"
import { projectShares } from "./projectShares.ts"
import { projectUsage } from "./projectUsage.ts"
import { QueryAllowance } from "./QueryAllowance.ts"
import { QueryTimedOut, TooManyQueries } from "./QueryProblems.ts"
import { BYTES_PER_MS } from "./readMeter.ts"

/** Who asks. */
export interface Asker {
  /** The project. */
  readonly id: number
  /** Queries of one group run one after the other when there are many, as of a dashboard. */
  readonly group?: string
}

export interface Limits {
  /** Queries that run at once. */
  readonly concurrency: number
  /** Of one query, waiting included. */
  readonly timeout: Duration.Duration
  /** Added to the priority of each: 0 for those that somebody waits for. */
  readonly patience: number
}

/** Queries that may wait for each one that runs. */
const WAITING_PER_RUNNING = 8
const LONGEST_RETRY = 60
/** What the newest query counts in the mean time that queries take. */
const NEWEST = 0.2

/**
 * Lets queries in, each with the time and the priority it gets. Half of what there is goes
 * to one project at most, and half of that to one of its groups.
 */
export const queryAdmission = Effect.fnUntraced(function* ({
  concurrency,
  patience,
  timeout
}: Limits) {
  const admitted = yield* Semaphore.make(concurrency * (1 + WAITING_PER_RUNNING))
  const running = yield* Semaphore.make(concurrency)
  // The other half is for everybody else.
  const share = Math.max(1, Math.floor(concurrency / 2))
  const ofProject = projectShares<number>(shareOf(share))
  // Who waits for a group has a seat of the project already, however many groups there are.
  const { admitted: seats } = shareOf(share)
  const seated = projectShares<number>({ running: seats, admitted: seats })
  const ofGroup = projectShares<string>(shareOf(Math.max(1, Math.floor(share / 2))))
  const usage = projectUsage()
  let inside = 0
  let meanMs = 1000

  const ran = <A, E, R>(project: number, effect: Effect.Effect<A, E, R>) =>
    Effect.acquireUseRelease(
      Effect.map(Clock.currentTimeMillis, (startedAt) => ({
        startedAt,
        priority: usage.begin(project, startedAt) + patience
      })),
      ({ priority }) =>
        Effect.provideService(effect, QueryAllowance, { timeout, priority }),
      ({ startedAt }) =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          const { bytesRead } = (yield* RequestNotes).facts
          const elapsed = now - startedAt
          // A slow query may have waited for others; one that failed tells only its time.
          const cost =
            typeof bytesRead === "number"
              ? Math.min(elapsed, bytesRead / BYTES_PER_MS)
              : elapsed
          usage.end(project, cost, now)
          meanMs = meanMs * (1 - NEWEST) + elapsed * NEWEST
        })
    )

  const inGroup = <A, E, R>({ group, id }: Asker, effect: Effect.Effect<A, E, R>) =>
    group === undefined ? Effect.asSome(effect) : ofGroup(`${id} ${group}`, effect)

  const withinTime = Effect.timeoutOrElse({
    duration: timeout,
    orElse: () => Effect.fail(timedOut(timeout))
  })

  const busy = Effect.suspend(() =>
    Effect.fail(
      new TooManyQueries({
        retryAfter: Math.min(
          LONGEST_RETRY,
          Math.max(1, Math.ceil(((inside / concurrency) * meanMs) / 1000))
        ),
        detail:
          "As many queries run and wait as one project, group or process may have."
      })
    )
  )

  return <A, E, R>(asker: Asker, effect: Effect.Effect<A, E, R>) =>
    admitted
      .withPermitsIfAvailable(1)(
        Effect.acquireUseRelease(
          Effect.sync(() => inside++),
          () =>
            withinTime(
              seated(
                asker.id,
                inGroup(
                  asker,
                  ofProject(asker.id, running.withPermit(ran(asker.id, effect)))
                )
              )
            ),
          () => Effect.sync(() => inside--)
        )
      )
      .pipe(
        Effect.map((answered) =>
          Option.flatten(Option.flatten(Option.flatten(answered)))
        ),
        Effect.flatMap(Option.match({ onSome: Effect.succeed, onNone: () => busy }))
      )
})

const shareOf = (running: number) => ({
  running,
  admitted: running * (1 + WAITING_PER_RUNNING)
})

export const timedOut = (timeout: Duration.Duration) =>
  new QueryTimedOut({
    detail: `A query may take ${Duration.format(timeout)}. Ask for a shorter range, fewer breakdowns or a longer interval, or send \`Prefer: respond-async\`.`
  })
