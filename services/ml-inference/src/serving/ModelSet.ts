import { Effect, Fiber, FiberSet, type Scope, Semaphore } from "effect"
import type { Executors } from "../execution/Executors.ts"
import type {
  DesiredModel,
  DesiredModels,
  DesiredState,
  DesiredVersion
} from "../registry/DesiredModels.ts"
import { ServedModel } from "./ServedModel.ts"
import { type ServedOptions, ServedVersion } from "./ServedVersion.ts"
import { makeVersionMetrics, setLoaded } from "./ServingMetrics.ts"
import { supervise } from "./supervise.ts"

export interface ModelSetOptions extends ServedOptions {
  /** Versions that may run at once; more are not started. */
  readonly maxLoaded: number
  /** Processes that load their model at once. */
  readonly loadsAtOnce: number
  /** Milliseconds until a version that is taken away is ended, whatever it has taken. */
  readonly drainTime: number
  /** Milliseconds for which the first models may keep the process from being ready. */
  readonly startTime: number
}

/** The models of this process, brought to what is desired. */
export interface ModelSet {
  /** By `<projectId>/<name>`. */
  readonly models: ReadonlyMap<string, ServedModel>
  /** Versions that still answer what they had taken. */
  readonly leaving: ReadonlySet<ServedVersion>
  readonly apply: (state: DesiredState) => void
  /** How many of the first models were not tried yet; undefined: they are not known. */
  readonly untried: () => number | undefined
  /** Starts a version again that was given up. */
  readonly revive: (version: ServedVersion) => void
  /** Calls back after every change of what is ready, until told not to. */
  readonly onChange: (listener: () => void) => () => void
}

/** Its versions end with the scope. */
export const makeModelSet = Effect.fnUntraced(function* (
  options: ModelSetOptions
): Effect.fn.Return<ModelSet, never, Scope.Scope | Executors | DesiredModels> {
  const context = yield* Effect.context<never>()
  const fork = yield* FiberSet.makeRuntime<Executors | DesiredModels>()
  const loading = Semaphore.makeUnsafe(options.loadsAtOnce)
  const models = new Map<string, ServedModel>()
  const leaving = new Set<ServedVersion>()
  const running = new Map<ServedVersion, Fiber.Fiber<void>>()
  const listeners = new Set<() => void>()
  /** What was to be ready when this process began, until it was tried. */
  let first: ReadonlyArray<ServedVersion> | undefined
  /** In milliseconds of `performance.now()`. */
  let patientUntil = Infinity

  const changed = () => {
    for (const model of models.values()) settle(model)
    const versions = [...models.values()].flatMap((it) => [...it.versions.values()])
    setLoaded(versions.filter(({ state }) => state === "READY").length, context)
    for (const listener of listeners) listener()
  }

  const settle = (model: ServedModel) => {
    for (const version of model.settle()) leave(model, version)
  }

  const start = (model: ServedModel, desired: DesiredVersion) => {
    const metrics = makeVersionMetrics(desired, context)
    const version = new ServedVersion(desired, options, metrics, changed)
    model.versions.set(desired.version, version)
    running.set(version, fork(supervise(version, loading)))
  }

  const leave = (model: ServedModel, version: ServedVersion) => {
    model.remove(version)
    version.move("UNLOADING", "nothing asks for it any more")
    leaving.add(version)
    fork(
      Effect.promise(() => version.drained()).pipe(
        Effect.timeoutOption(options.drainTime),
        Effect.andThen(Effect.suspend(() => stop(version))),
        Effect.andThen(
          Effect.sync(() => {
            version.close()
            leaving.delete(version)
            version.metrics.remove()
            changed()
          })
        )
      )
    )
  }

  const stop = (version: ServedVersion) => {
    const fiber = running.get(version)
    running.delete(version)
    return fiber === undefined ? Effect.void : Fiber.interrupt(fiber)
  }

  const bring = (model: ServedModel, desired: DesiredModel, room: number) => {
    model.desired = desired
    model.parked.clear()
    let used = 0
    for (const version of desired.versions.values()) {
      const served = model.versions.get(version.version)
      const same = served?.desired.id === version.id
      if (used >= room && !same)
        model.parked.set(
          version.version,
          `this process has as many versions as it may, ${options.maxLoaded}`
        )
      else if (!same) {
        // Made anew under the same name: its predecessor is another model.
        if (served !== undefined) leave(model, served)
        start(model, version)
      }
      used++
    }
    settle(model)
    return used
  }

  return {
    models,
    leaving,
    apply: (state) => {
      for (const [key, model] of models) {
        if (state.has(key)) continue
        for (const version of [...model.versions.values()]) leave(model, version)
        models.delete(key)
      }
      let room = options.maxLoaded
      for (const [key, desired] of state) {
        const model = models.get(key) ?? new ServedModel(desired)
        models.set(key, model)
        room -= bring(model, desired, room)
      }
      if (first === undefined) {
        first = [...running.keys()]
        patientUntil = performance.now() + options.startTime
      }
      changed()
    },
    untried: () => {
      first = performance.now() < patientUntil ? first?.filter((it) => !it.tried) : []
      return first?.length
    },
    revive: (version) => {
      const fiber = running.get(version)
      if (version.state !== "UNAVAILABLE" || fiber?.pollUnsafe() === undefined) return
      version.breaker.worked()
      version.move("LOADING", "")
      running.set(version, fork(supervise(version, loading)))
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
})
