import { spanOf } from "@analytics/observability/traceparent"
import { Cause, Clock, Deferred, Effect, Exit, Option, Schedule, Schema } from "effect"
import { Workflow } from "effect/workflow"
import { countEnded } from "./JobMetrics.ts"
import { JobRun } from "./JobRun.ts"
import type { JobFailed, JobUnavailable } from "./JobType.ts"
import { JobTypes, type ReadyJobType } from "./JobTypes.ts"
import { type InWorkflow, jobRunOf } from "./jobRunOf.ts"
import { Memory } from "./Memory.ts"
import { RunnerName } from "./RunnerName.ts"
import { RunningJobs } from "./RunningJobs.ts"
import { type End, type Lease, RunRepo } from "./RunRepo.ts"
import { parked, type Stop } from "./Stop.ts"

/** One run of a job, by its own key, so that starting it twice starts it once. */
export const JobWorkflow = Workflow.make("Job", {
  payload: { jobId: Schema.String, run: Schema.Int },
  idempotencyKey: ({ jobId, run }) => `${jobId}/${run}`
})

/** How a run came to its end: by itself, or because it was stopped. */
type Outcome =
  | { readonly exit: Exit.Exit<unknown, JobFailed | JobUnavailable> }
  | { readonly stop: Stop }

const MOST_CLEANING = "5 minutes"

/** For what must be written: again and again, until Postgres takes it. */
const insistently = <A, E, R>(write: Effect.Effect<A, E, R>) =>
  Effect.retry(
    write,
    Schedule.min([
      Schedule.exponential("500 millis"),
      Schedule.spaced("10 seconds")
    ]).pipe(Schedule.jittered)
  ).pipe(Effect.orDie)

type RunServices = RunRepo | Memory | RunningJobs | InWorkflow

const runJob = Effect.fnUntraced(function* (jobId: string, run: number) {
  const repo = yield* RunRepo
  const owner = yield* RunnerName
  const found = yield* insistently(repo.take(jobId, run, owner))
  // It has ended, or another run of it goes on.
  if (Option.isNone(found)) return
  const taken = found.value
  const lease: Lease = { jobId, run, epoch: taken.epoch }
  const type = (yield* JobTypes).get(taken.type)
  const all: Effect.Effect<void, never, RunServices> =
    type === undefined
      ? Effect.asVoid(insistently(repo.end(lease, unknownType(taken.type))))
      : heldRun(type, lease, taken)
  yield* all.pipe(
    Effect.withSpan(`job ${taken.type}`, {
      kind: "consumer",
      // The request that submitted it, or the schedule.
      parent: spanOf(taken.traceparent),
      attributes: { "job.id": jobId, "job.run": run, "job.epoch": taken.epoch }
    }),
    Effect.annotateLogs({ job: jobId, type: taken.type })
  )
})

const heldRun = Effect.fnUntraced(function* (
  type: ReadyJobType,
  lease: Lease,
  taken: Parameters<typeof jobRunOf>[0]["taken"]
) {
  const repo = yield* RunRepo
  const memory = yield* Memory
  const heldSince = yield* Clock.currentTimeMillis
  const hold = yield* (yield* RunningJobs).hold(lease, type.limits.time)
  const { stop } = hold
  const job = { id: lease.jobId, projectId: taken.projectId, payload: taken.payload }
  const jobRun = yield* jobRunOf({ hold, taken, limits: type.limits })
  const work = Effect.suspend(() => {
    hold.waits = false
    return type.run(job)
  }).pipe(
    Effect.provideService(JobRun, jobRun),
    memory.withMiB(type.limits.memory),
    Effect.exit,
    Effect.map((exit): Outcome => ({ exit }))
  )
  const stopped = Effect.map(
    Deferred.await(stop),
    (reason): Outcome => ({
      stop: reason
    })
  )
  if (taken.state === "cancelling") yield* Deferred.succeed(stop, { _tag: "cancelled" })
  const outcome = yield* taken.state === "cancelling"
    ? stopped
    : taken.attempts > type.limits.attempts
      ? Effect.succeed<Outcome>({ stop: neverBegan(taken.attempts) })
      : Effect.raceFirst(work, stopped)
  // Somebody else's from now on: the engine ends this as soon as it notices.
  if ("stop" in outcome && outcome.stop._tag === "fenced") return yield* Effect.never
  if ("stop" in outcome && outcome.stop._tag === "lost")
    return yield* Effect.asVoid(insistently(repo.startOver(lease)))
  if (
    "exit" in outcome &&
    Exit.isFailure(outcome.exit) &&
    Cause.hasInterruptsOnly(outcome.exit.cause)
  )
    return yield* Effect.failCause(outcome.exit.cause as Cause.Cause<never>)
  if (
    "exit" in outcome &&
    Exit.isFailure(outcome.exit) &&
    Cause.hasDies(outcome.exit.cause)
  )
    yield* Effect.logError("a job died", outcome.exit.cause)
  yield* jobRun.flush
  const end = endOf(outcome)
  if (end.state !== "succeeded") yield* cleanUp(type, job)
  yield* insistently(repo.end(lease, end))
  const seconds = ((yield* Clock.currentTimeMillis) - heldSince) / 1000
  yield* countEnded(type.name, end.state, seconds)
  yield* Effect.logInfo("job ended").pipe(Effect.annotateLogs({ state: end.state }))
}, Effect.scoped)

const cleanUp = (type: ReadyJobType, job: Parameters<ReadyJobType["cleanUp"]>[0]) =>
  type.cleanUp(job).pipe(
    Effect.retry({ times: 8, schedule: Schedule.exponential("500 millis") }),
    Effect.timeout(MOST_CLEANING),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause as Cause.Cause<never>)
        : Effect.logError("a job could not be cleaned up", cause)
    )
  )

const endOf = (outcome: Outcome): End => {
  if ("stop" in outcome) {
    const { stop } = outcome
    return stop._tag === "parked"
      ? { state: "parked", error: { title: stop.title, detail: stop.detail } }
      : { state: "cancelled" }
  }
  if (Exit.isSuccess(outcome.exit))
    return { state: "succeeded", result: outcome.exit.value ?? null }
  const error = Option.getOrUndefined(Exit.findErrorOption(outcome.exit))
  if (error === undefined) return { state: "parked", error: fault }
  return error._tag === "JobFailed"
    ? { state: "failed", error: { title: "The job failed", detail: error.detail } }
    : {
        state: "parked",
        error: {
          title: "Something that the job needs is away",
          detail: `${error.what}: ${error.detail} It was tried again for several minutes. Retry it once that is back.`
        }
      }
}

const fault = {
  title: "The job met a fault in the program",
  detail:
    "It ended in a way nobody foresaw. The service's log has the cause under the job's trace id. Retry it once that is repaired."
}

const neverBegan = (times: number): Stop =>
  parked(
    "The job does not get any further",
    `It was taken up ${times} times and its runner ended each time. Look at the service's log, then retry it.`
  )

const unknownType = (type: string): End => ({
  state: "parked",
  error: {
    title: "This version does not know the job's type",
    detail: `No runner knows how to do "${type}". Retry it with a version that does.`
  }
})

/** Lets this process run jobs. */
export const layer = JobWorkflow.toLayer(({ jobId, run }) => runJob(jobId, run))
