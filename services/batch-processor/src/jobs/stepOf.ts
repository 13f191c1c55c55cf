import { Cause, Deferred, Effect, Option, Schedule, Schema } from "effect"
import { Activity } from "effect/workflow"
import { CurrentHold, type Hold } from "./Hold.ts"
import { JobFailed, JobUnavailable } from "./JobType.ts"
import { RunningJobs } from "./RunningJobs.ts"
import { type Lease, RunRepo } from "./RunRepo.ts"
import { fenced, parked, StepStopped, type Stop } from "./Stop.ts"

/** Tries of a step whose needs are away: about ten minutes. */
const MOST_TRIES = 24
const betweenTries = Schedule.min([
  Schedule.exponential("500 millis"),
  Schedule.spaced("30 seconds")
]).pipe(Schedule.jittered)

export interface StepOptions<A, I> {
  readonly lease: Lease
  readonly name: string
  readonly result: Schema.Codec<A, I>
  readonly effect: Effect.Effect<A, JobFailed | JobUnavailable>
  /** Beginnings of it without getting further before the job is parked. */
  readonly attempts: number
}

/**
 * A step as an activity of the engine. The engine may hand what was begun under an older
 * lease of this process to a newer one, so the lease is looked up when the work begins, and
 * again when it turns out to be over.
 */
export const stepOf = Effect.fnUntraced(function* <A, I>({
  attempts,
  effect,
  lease: { jobId, run },
  name,
  result
}: StepOptions<A, I>) {
  const repo = yield* RunRepo
  const running = yield* RunningJobs

  /** Once, under one lease. None: the lease is over. */
  const attempt = Effect.fnUntraced(function* ({ lease }: Hold) {
    const begun = yield* retried(
      Effect.mapError(repo.beginStep(lease, name), storeAway)
    )
    if (Option.isNone(begun)) return Option.none<A>()
    if (begun.value > attempts)
      return yield* new StepStopped({ stop: noFurther(name, attempts) })
    const value = yield* retried(effect)
    // Here a runner that was frozen meanwhile learns that the job is not its own any more.
    const isOurs = yield* retried(Effect.mapError(repo.endStep(lease), storeAway))
    return isOurs ? Option.some(value) : Option.none<A>()
  })

  const work = Effect.gen(function* () {
    let epoch = 0
    for (;;) {
      const hold = yield* running.newest(jobId, run, epoch)
      const done = yield* attempt(hold).pipe(
        Effect.provideService(CurrentHold, hold),
        Effect.raceFirst(stopped(hold))
      )
      if (Option.isSome(done)) return done.value
      yield* Deferred.succeed(hold.stop, fenced)
      epoch = hold.lease.epoch
    }
  })

  return Activity.make({
    name,
    success: result,
    error: Schema.Union([JobFailed, JobUnavailable, StepStopped]),
    execute: work.pipe(
      Effect.catchDefect((defect) =>
        Effect.logError("a step died", Cause.die(defect)).pipe(
          Effect.andThen(Effect.fail(new StepStopped({ stop: died(name) })))
        )
      ),
      Effect.annotateLogs({ job: jobId, step: name })
    )
  })
})

/** Stops are failures, so that they are kept as the step's end; being fenced is none. */
const stopped = ({ stop }: Hold) =>
  Effect.flatMap(Deferred.await(stop), (reason) => {
    if (reason._tag === "fenced") return Effect.succeedNone
    return reason._tag === "lost"
      ? Effect.never
      : Effect.fail(new StepStopped({ stop: reason }))
  })

export const storeAway = () =>
  new JobUnavailable({ what: "Postgres", detail: "The store of jobs is away." })

const retried = <A, E extends { readonly _tag: string }, R>(
  effect: Effect.Effect<A, E, R>
) =>
  Effect.retry(effect, {
    while: ({ _tag }) => _tag === "JobUnavailable",
    times: MOST_TRIES,
    schedule: betweenTries
  })

const noFurther = (step: string, attempts: number): Stop =>
  parked(
    "The job does not get any further",
    `Its step "${step}" was begun ${attempts} times and never came to an end or a checkpoint; each time its runner ended first. Look at the job's log and the service's, then retry it.`
  )

const died = (step: string): Stop =>
  parked(
    "The job met a fault in the program",
    `Its step "${step}" ended in a way nobody foresaw. The service's log has the cause under the job's trace id. Retry it once that is repaired.`
  )
