import {
  Cause,
  Clock,
  type Context,
  Deferred,
  Effect,
  Option,
  Schedule,
  Schema
} from "effect"
import { Activity, type WorkflowEngine } from "effect/workflow"
import type { JobProgress } from "./Job.ts"
import type { JobRun, Progress } from "./JobRun.ts"
import { JobFailed, type JobLimits, JobUnavailable } from "./JobType.ts"
import { type Lease, RunRepo, type Taken } from "./RunRepo.ts"
import { fenced, lost, parked, StepStopped, type Stop } from "./Stop.ts"

/** Tries of a step whose needs are away: about ten minutes. */
const MOST_TRIES = 24
const betweenTries = Schedule.min([
  Schedule.exponential("500 millis"),
  Schedule.spaced("30 seconds")
]).pipe(Schedule.jittered)

/** Milliseconds between two writes of progress. */
const PROGRESS_INTERVAL = 1000

/** What the engine gives to whatever runs in a workflow. */
export type InWorkflow = WorkflowEngine.WorkflowEngine | WorkflowEngine.WorkflowInstance

export interface RunContext {
  readonly lease: Lease
  readonly taken: Taken
  readonly limits: JobLimits
  readonly stop: Deferred.Deferred<Stop>
}

/** What one run may do. Who stops it has it wait for its end: nothing comes back. */
export const jobRunOf = Effect.fnUntraced(function* ({
  lease,
  limits,
  stop,
  taken
}: RunContext): Effect.fn.Return<
  JobRun["Service"] & { readonly flush: Effect.Effect<void> },
  never,
  RunRepo | InWorkflow
> {
  const repo = yield* RunRepo
  const engine = yield* Effect.context<InWorkflow>()
  const startedAt = yield* Clock.currentTimeMillis
  let first: { readonly at: number; readonly done: number } | undefined
  let unsaved: Progress | undefined
  let savedAt = 0

  const stopWith = (reason: Stop) =>
    Effect.andThen(Deferred.succeed(stop, reason), Effect.never)
  const storeAway = () =>
    new JobUnavailable({ what: "Postgres", detail: "The store of jobs is away." })
  const orFenced = (isOurs: boolean) => (isOurs ? Effect.void : stopWith(fenced))

  const retried = <A, E extends { readonly _tag: string }, R>(
    effect: Effect.Effect<A, E, R>
  ) =>
    Effect.retry(effect, {
      while: ({ _tag }) => _tag === "JobUnavailable",
      times: MOST_TRIES,
      schedule: betweenTries
    })

  /** What a step is while it is not done. Stops are failures here, so that they are kept. */
  const attempt = Effect.fnUntraced(function* <A>(
    name: string,
    effect: Effect.Effect<A, JobFailed | JobUnavailable>
  ) {
    const attempts = yield* retried(
      Effect.mapError(repo.beginStep(lease, name), storeAway)
    )
    if (Option.isNone(attempts)) return yield* stopWith(fenced)
    if (attempts.value > limits.attempts)
      return yield* new StepStopped({ stop: noFurther(name, limits.attempts) })
    const result = yield* retried(effect)
    // Here a runner that was frozen meanwhile learns that the job is not its own any more.
    const isOurs = yield* retried(Effect.mapError(repo.endStep(lease), storeAway))
    return isOurs ? result : yield* stopWith(fenced)
  })

  const stopped = Effect.flatMap(Deferred.await(stop), (reason) =>
    reason._tag === "fenced" || reason._tag === "lost"
      ? Effect.never
      : Effect.fail(new StepStopped({ stop: reason }))
  )

  const activity = <A, I>(
    name: string,
    result: Schema.Codec<A, I>,
    effect: Effect.Effect<A, JobFailed | JobUnavailable>
  ) =>
    Activity.make({
      name,
      success: result,
      error: Schema.Union([JobFailed, JobUnavailable, StepStopped]),
      execute: attempt(name, effect).pipe(
        Effect.catchDefect((defect) =>
          Effect.logError("a step died", Cause.die(defect)).pipe(
            Effect.andThen(Effect.fail(new StepStopped({ stop: died(name) })))
          )
        ),
        Effect.raceFirst(stopped),
        Effect.annotateLogs({ job: lease.jobId, step: name })
      )
    }).pipe(
      Effect.catchTag("StepStopped", ({ stop: reason }) => stopWith(reason)),
      // What a step itself may die of was caught in it: this is the engine's.
      Effect.catchCause((cause) =>
        Cause.hasDies(cause)
          ? Effect.logWarning("the engine lost a step", cause).pipe(
              Effect.andThen(stopWith(lost))
            )
          : Effect.failCause(cause)
      ),
      Effect.provide(engine)
    )

  const save = (progress: Progress, now: number) => {
    unsaved = undefined
    savedAt = now
    first ??= { at: startedAt, done: 0 }
    return repo.progress(lease, told(progress, first, now)).pipe(
      Effect.flatMap(orFenced),
      // The next one will do as well.
      Effect.catchCause((cause) => Effect.logDebug("progress was not kept", cause))
    )
  }

  return {
    jobId: lease.jobId,
    projectId: taken.projectId,
    run: lease.run,
    effectKey: (name) => `${lease.jobId}/${name}`,
    step: <A, I, R>(
      name: string,
      result: Schema.Codec<A, I>,
      effect: Effect.Effect<A, JobFailed | JobUnavailable, R>
    ) =>
      Effect.contextWith((services: Context.Context<R>) =>
        activity(name, result, Effect.provide(effect, services))
      ),
    checkpoint: (name, schema) => {
      const json = Schema.toCodecJson(schema)
      return {
        read: repo.checkpoint(lease.jobId, name).pipe(
          Effect.mapError(storeAway),
          Effect.flatMap((found) =>
            Option.isNone(found)
              ? Effect.succeedNone
              : Effect.asSome(
                  Effect.orDie(Schema.decodeUnknownEffect(json)(found.value))
                )
          )
        ),
        save: Effect.fnUntraced(function* (value) {
          const encoded = yield* Effect.orDie(Schema.encodeEffect(json)(value))
          const isOurs = yield* Effect.mapError(
            repo.saveCheckpoint(lease, name, encoded),
            storeAway
          )
          yield* orFenced(isOurs)
        })
      }
    },
    progress: Effect.fnUntraced(function* (progress) {
      const now = yield* Clock.currentTimeMillis
      first ??= { at: now, done: progress.done }
      unsaved = progress
      if (now - savedAt >= PROGRESS_INTERVAL) yield* save(progress, now)
    }),
    log: Effect.fnUntraced(function* (level, message, data) {
      yield* repo.log(lease, { level, message, data }).pipe(
        Effect.flatMap(orFenced),
        Effect.catchCause((cause) => Effect.logDebug("a line was not kept", cause))
      )
    }),
    flush: Effect.gen(function* () {
      if (unsaved !== undefined) yield* save(unsaved, yield* Clock.currentTimeMillis)
    })
  }
})

/** Progress as it is shown. */
const told = (
  { counts = {}, done, total, unit }: Progress,
  first: { readonly at: number; readonly done: number },
  now: number
): JobProgress => {
  const perMs = (done - first.done) / (now - first.at)
  const left = total === null ? null : Math.max(0, total - done)
  return {
    done,
    total,
    unit,
    counts,
    ratio: total === null || total <= 0 ? null : Math.min(1, done / total),
    etaSeconds: left === null || !(perMs > 0) ? null : Math.ceil(left / perMs / 1000)
  }
}

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
