import { Cause, Clock, type Context, Deferred, Effect, Option, Schema } from "effect"
import type { WorkflowEngine } from "effect/workflow"
import { CurrentHold, type Hold } from "./Hold.ts"
import type { JobRun, Progress } from "./JobRun.ts"
import type { JobFailed, JobLimits, JobUnavailable } from "./JobType.ts"
import type { RunningJobs } from "./RunningJobs.ts"
import { RunRepo, type Taken } from "./RunRepo.ts"
import { fenced, lost, type Stop } from "./Stop.ts"
import { type Beginning, shownProgress } from "./shownProgress.ts"
import { stepOf, storeAway } from "./stepOf.ts"

/** Milliseconds between two writes of progress. */
const PROGRESS_INTERVAL = 1000

/** What the engine gives to whatever runs in a workflow. */
export type InWorkflow = WorkflowEngine.WorkflowEngine | WorkflowEngine.WorkflowInstance

export interface RunContext {
  readonly hold: Hold
  readonly taken: Taken
  readonly limits: JobLimits
}

/** What one run may do. Who stops it has it wait for its end: nothing comes back. */
export const jobRunOf = Effect.fnUntraced(function* ({
  hold: own,
  limits,
  taken
}: RunContext): Effect.fn.Return<
  JobRun["Service"] & { readonly flush: Effect.Effect<void> },
  never,
  RunRepo | RunningJobs | InWorkflow
> {
  const repo = yield* RunRepo
  const context = yield* Effect.context<InWorkflow | RunRepo | RunningJobs>()
  const { jobId, run } = own.lease
  let first: Beginning | undefined
  let unsaved: Progress | undefined
  let savedAt = 0

  const hold = Effect.map(CurrentHold, (current) => current ?? own)
  const stopWith = ({ stop }: Hold, reason: Stop) =>
    Effect.andThen(Deferred.succeed(stop, reason), Effect.never)
  /** A write by the lease of whoever asks. */
  const written = <E>(write: (hold: Hold) => Effect.Effect<boolean, E>) =>
    Effect.flatMap(hold, (it) =>
      Effect.flatMap(write(it), (isOurs) =>
        isOurs ? Effect.void : stopWith(it, fenced)
      )
    )

  const step = <A, I>(
    name: string,
    result: Schema.Codec<A, I>,
    effect: Effect.Effect<A, JobFailed | JobUnavailable>
  ) =>
    stepOf({ lease: own.lease, name, result, effect, attempts: limits.attempts }).pipe(
      Effect.flatten,
      Effect.catchTag("StepStopped", ({ stop }) => stopWith(own, stop)),
      // What a step itself may die of was caught in it: this is the engine's.
      Effect.catchCause((cause) =>
        Cause.hasDies(cause)
          ? Effect.logWarning("the engine lost a step", cause).pipe(
              Effect.andThen(stopWith(own, lost))
            )
          : Effect.failCause(cause)
      ),
      Effect.provide(context)
    )

  const save = Effect.fnUntraced(function* (progress: Progress, now: number) {
    unsaved = undefined
    savedAt = now
    first ??= { at: now, done: progress.done }
    const shown = shownProgress(progress, first, now)
    yield* written(({ lease }) => repo.progress(lease, shown)).pipe(
      // The next one will do as well.
      Effect.catch((error) => Effect.logDebug("progress was not kept", error))
    )
  })

  return {
    jobId,
    projectId: taken.projectId,
    dueAt: taken.dueAt,
    run,
    effectKey: (name) => `${jobId}/${name}`,
    step: <A, I, R>(
      name: string,
      result: Schema.Codec<A, I>,
      effect: Effect.Effect<A, JobFailed | JobUnavailable, R>
    ) =>
      Effect.contextWith((services: Context.Context<R>) =>
        step(name, result, Effect.provide(effect, services))
      ),
    checkpoint: (name, schema) => {
      const json = Schema.toCodecJson(schema)
      return {
        read: repo.checkpoint(jobId, name).pipe(
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
          yield* written(({ lease }) =>
            Effect.mapError(repo.saveCheckpoint(lease, name, encoded), storeAway)
          )
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
      yield* written(({ lease }) => repo.log(lease, { level, message, data })).pipe(
        Effect.catch((error) => Effect.logDebug("a line was not kept", error))
      )
    }),
    flush: Effect.gen(function* () {
      if (unsaved !== undefined) yield* save(unsaved, yield* Clock.currentTimeMillis)
    })
  }
})
