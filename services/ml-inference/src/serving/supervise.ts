import { Effect, Result, type Semaphore } from "effect"
import { type Executor, type ExecutorLost, Executors } from "../execution/Executors.ts"
import { DesiredModels } from "../registry/DesiredModels.ts"
import { keepsRowsApart } from "./keepsRowsApart.ts"
import type { ServedVersion } from "./ServedVersion.ts"
import { warmUp } from "./warmUp.ts"

/** Milliseconds between looks at what others wait for. */
const glance = 250

/** Milliseconds between attempts while the registry cannot give the file. */
const firstPause = 500
const longestPause = 30_000

/**
 * Keeps the processes of a version running: starts them, warms them up, and again when one
 * is gone. Ends when it can never be ready: the file is refused, its golden rows come out
 * otherwise, or it was lost too often. `loading` is held while a process loads.
 */
export const supervise = Effect.fnUntraced(function* (
  version: ServedVersion,
  loading: Semaphore.Semaphore
) {
  const { instances } = version.desired
  const trial: Trial = { taken: false }
  yield* Effect.raceAllFirst([
    ...Array.from({ length: Math.max(1, instances) }, () =>
      keepOne(version, loading, trial)
    ),
    Effect.forever(Effect.andThen(Effect.sleep("10 seconds"), measure(version)))
  ]).pipe(
    Effect.catchTags({
      ModelRefused: ({ detail }) => Effect.succeed(`the model was refused: ${detail}`),
      GoldenDiffers: ({ detail }) => Effect.succeed(detail)
    }),
    Effect.flatMap((reason) => {
      version.move("UNAVAILABLE", reason)
      return Effect.logError("a model cannot be served").pipe(
        Effect.annotateLogs({ reason })
      )
    }),
    Effect.annotateLogs({
      project: version.desired.projectId,
      model: version.desired.model,
      version: version.desired.version
    })
  )
})

const measure = Effect.fnUntraced(function* (version: ServedVersion) {
  const resident = yield* Effect.forEach(version.executors, ({ memory }) => memory)
  version.metrics.queueRows(version.queuedRows)
  version.metrics.memory(resident.reduce((all, each) => all + each, 0))
})

/**
 * While it is in doubt whether the model runs at all, one new process tries it: that of
 * whoever takes this first, because the others may be those that still run.
 */
interface Trial {
  taken: boolean
}

/** One process, and the next one when it is gone. Gives why there will be no other. */
const keepOne = Effect.fnUntraced(function* (
  version: ServedVersion,
  loading: Semaphore.Semaphore,
  trial: Trial
) {
  const { breaker } = version
  let pause = firstPause
  for (;;) {
    yield* Effect.sleep(breaker.wait)
    const tries = breaker.open
    if (tries && trial.taken) {
      yield* Effect.sleep(glance)
      continue
    }
    if (tries) trial.taken = true
    const end = yield* Effect.scoped(untilLost(version, loading)).pipe(
      Effect.catchTag("ExecutorLost", Effect.succeed)
    )
    if (tries) trial.taken = false
    // No request asked for what ended it, and it is not done again.
    if (end._tag === "Again") continue
    version.tried = true
    if (end._tag === "RegistryUnavailable") {
      if (version.state === "LOADING") version.move("LOADING", end.detail)
      yield* Effect.sleep(pause)
      pause = Math.min(longestPause, 2 * pause)
      continue
    }
    pause = firstPause
    version.metrics.lost(end.reason)
    if (breaker.lost()) {
      if (breaker.spent) return `its process was lost too often: ${end.detail}`
      version.move(
        "UNAVAILABLE",
        `its processes were lost several times, the last one because ${end.detail}; tried again in ${Math.ceil(breaker.wait / 1000)} s`
      )
      yield* Effect.logError("a model is left alone for a while").pipe(
        Effect.annotateLogs({ wait: breaker.wait, reason: end.detail })
      )
    }
  }
})

/** Tries once whether requests may share runs. False: that ended the process. */
const settleJoining = Effect.fnUntraced(function* (
  version: ServedVersion,
  executor: Executor
) {
  const { batching, golden } = version.desired
  if (version.joins !== undefined || batching.maxRows === 1) return true
  const apart = yield* Effect.result(keepsRowsApart(executor, golden))
  version.join(Result.getOrElse(apart, () => false))
  if (version.joins === false)
    yield* Effect.logInfo(
      "rows of a run may change each other; each request runs alone"
    )
  return Result.isSuccess(apart)
})

const untilLost = Effect.fnUntraced(function* (
  version: ServedVersion,
  loading: Semaphore.Semaphore
) {
  const { golden, limits, sha256 } = version.desired
  const registry = yield* DesiredModels
  const executors = yield* Executors
  const path = yield* Effect.result(registry.artifact(sha256))
  if (path._tag === "Failure") return path.failure
  const executor = yield* Effect.gen(function* () {
    const started = yield* executors.start(path.success, limits)
    if (golden !== undefined) yield* warmUp(started, golden)
    return (yield* settleJoining(version, started)) ? started : undefined
  }).pipe(loading.withPermit)
  if (executor === undefined) return { _tag: "Again" } as const
  yield* Effect.acquireRelease(
    Effect.sync(() => version.attach(executor)),
    () => Effect.sync(() => version.detach(executor))
  )
  yield* measure(version)
  const lost: ExecutorLost = yield* executor.lost
  return lost
})
