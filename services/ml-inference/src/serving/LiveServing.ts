import { MlConfig } from "@analytics/config/MlConfig"
import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { Duration, Effect, Layer, Stream } from "effect"
import { DesiredModels } from "../registry/DesiredModels.ts"
import type { Run } from "./batching.ts"
import { usualBreaker } from "./CircuitBreaker.ts"
import { type ModelSet, type ModelSetOptions, makeModelSet } from "./ModelSet.ts"
import type { ServedModel } from "./ServedModel.ts"
import type { ServedVersion } from "./ServedVersion.ts"
import {
  type Inferred,
  type Metadata,
  ModelNotReady,
  ModelUnknown,
  type RepositoryEntry,
  Serving,
  type ServingError,
  type ServingTarget,
  StillLoading
} from "./Serving.ts"
import { Shadows } from "./shadow.ts"
import { traced } from "./traced.ts"

export const usualOptions: Omit<ModelSetOptions, "maxLoaded"> = {
  breaker: usualBreaker,
  queueBytes: 128 * 1024 * 1024,
  queueTime: 30_000,
  loadsAtOnce: 2,
  drainTime: 60_000,
  startTime: 45_000
}

export const layerWith = (options: ModelSetOptions) =>
  Layer.effect(
    Serving,
    Effect.gen(function* () {
      const registry = yield* DesiredModels
      const set = yield* makeModelSet(options)
      yield* Effect.forkScoped(
        Stream.runForEach(registry.changes, (state) =>
          Effect.sync(() => set.apply(state))
        )
      )
      return makeServing(set, registry)
    })
  )

export const layer = Layer.unwrap(
  Effect.map(MlConfig, ({ maxLoaded, startTimeout }) =>
    layerWith({
      ...usualOptions,
      maxLoaded,
      startTime: Duration.toMillis(startTimeout)
    })
  )
)

const makeServing = (
  set: ModelSet,
  registry: DesiredModels["Service"]
): Serving["Service"] => {
  const shadows = new Shadows()

  const modelOf = (projectId: number, name: string): ServedModel | ModelUnknown =>
    set.models.get(`${projectId}/${name}`) ??
    new ModelUnknown({ detail: `there is no model "${name}"` })

  const choose = (target: ServingTarget) => {
    const model = modelOf(target.projectId, target.model)
    return model instanceof ModelUnknown ? model : model.choose(target)
  }

  const infer = (
    target: ServingTarget,
    inputs: ReadonlyArray<Tensor>,
    outputs: ReadonlyArray<string> | undefined,
    ran: (run: Run) => void
  ) =>
    Effect.callback<Inferred, ServingError>((resume) => {
      const choice = choose(target)
      if ("_tag" in choice) return resume(Effect.fail(choice))
      const { shadow, version } = choice
      if (version.state !== "READY") return resume(Effect.fail(version.notReady()))
      const request = version.check(inputs, outputs)
      if (request._tag === "InputInvalid") return resume(Effect.fail(request))
      const takeBack = version.infer(request, (end) => {
        if (end._tag !== "Answered") return resume(Effect.fail(end))
        ran(end.run)
        resume(
          Effect.succeed({
            model: target.model,
            version: version.desired.version,
            outputs: end.outputs
          })
        )
        if (shadow !== undefined) shadows.ask(shadow, inputs, outputs, end.outputs)
      })
      return Effect.sync(takeBack)
    })

  return Serving.of({
    infer: (target, inputs, outputs) =>
      traced(target, (ran) => infer(target, inputs, outputs, ran)),

    begun: Effect.suspend(() => {
      const versions = set.untried()
      return versions === 0 ? Effect.void : Effect.fail(new StillLoading({ versions }))
    }),

    ready: (target) =>
      Effect.suspend(() => {
        const choice = choose(target)
        if (choice instanceof ModelUnknown) return Effect.fail(choice)
        return Effect.succeed("version" in choice && choice.version.state === "READY")
      }),

    metadata: (target) =>
      Effect.suspend(() => {
        const model = modelOf(target.projectId, target.model)
        if (model instanceof ModelUnknown) return Effect.fail(model)
        const choice = model.choose(target)
        if ("_tag" in choice) return Effect.fail(choice)
        const { state, signature } = choice.version
        if (state !== "READY") return Effect.fail(choice.version.notReady())
        return Effect.succeed({
          name: model.desired.name,
          versions: readyOf(model),
          signature
        } satisfies Metadata)
      }),

    statistics: (projectId, name, number) =>
      Effect.suspend(() => {
        const models = ofProject(set, projectId).filter(
          ({ desired }) => name === undefined || desired.name === name
        )
        if (name !== undefined && models.length === 0)
          return Effect.fail(
            new ModelUnknown({ detail: `there is no model "${name}"` })
          )
        const versions = models.flatMap((it) => versionsOf(it))
        const wanted = versions.filter(
          ({ desired }) => number === undefined || String(desired.version) === number
        )
        if (number !== undefined && wanted.length === 0)
          return Effect.fail(
            new ModelUnknown({
              detail: `version ${number} of model "${name}" is not loaded, or there is none`
            })
          )
        return Effect.succeed(
          wanted.map(({ desired, statistics }) =>
            statistics.of(desired.model, desired.version)
          )
        )
      }),

    index: (projectId) =>
      Effect.sync(() => [
        ...ofProject(set, projectId).flatMap((model) => [
          ...versionsOf(model).map(entryOf),
          ...[...model.parked].map(([version, reason]) => ({
            name: model.desired.name,
            version: String(version),
            state: "UNAVAILABLE" as const,
            reason
          }))
        ]),
        ...[...set.leaving]
          .filter(({ desired }) => desired.projectId === projectId)
          .map(entryOf)
      ]),

    awaitReady: Effect.fn("Serving.awaitReady")(function* (projectId, name, version) {
      const desired = yield* registry.current
      const named = `version ${version} of model "${name}"`
      const id = desired.get(`${projectId}/${name}`)?.versions.get(version)?.id
      if (id === undefined)
        return yield* new ModelUnknown({ detail: `nobody asks for ${named}` })
      const model = () => set.models.get(`${projectId}/${name}`)
      const served = () => {
        const found = model()?.versions.get(version)
        return found?.desired.id === id ? found : undefined
      }
      const stale = served()
      if (stale !== undefined) set.revive(stale)
      const settled = (): Effect.Effect<void, ModelNotReady> | undefined => {
        const parked = model()?.parked.get(version)
        if (parked !== undefined)
          return Effect.fail(
            new ModelNotReady({
              detail: `${named} is not ready: ${parked}`,
              retryAfter: 60
            })
          )
        const found = served()
        if (found?.state === "READY") return Effect.void
        return found?.state === "UNAVAILABLE"
          ? Effect.fail(found.notReady())
          : undefined
      }
      yield* Effect.callback<void, ModelNotReady>((resume) => {
        const look = () => {
          const end = settled()
          if (end !== undefined) resume(end)
        }
        const stop = set.onChange(look)
        look()
        return Effect.sync(stop)
      }).pipe(
        Effect.timeoutOrElse({
          duration: longestWait,
          orElse: () =>
            Effect.fail(
              new ModelNotReady({ detail: `${named} is still loading`, retryAfter: 10 })
            )
        })
      )
    })
  })
}

const longestWait = "1 minute"

const ofProject = (set: ModelSet, projectId: number): ReadonlyArray<ServedModel> =>
  [...set.models.values()].filter(({ desired }) => desired.projectId === projectId)

const versionsOf = ({ versions }: ServedModel): ReadonlyArray<ServedVersion> =>
  [...versions.values()].sort(
    (one, other) => one.desired.version - other.desired.version
  )

const readyOf = (model: ServedModel): ReadonlyArray<string> =>
  versionsOf(model)
    .filter(({ state }) => state === "READY")
    .map(({ desired }) => String(desired.version))

const entryOf = ({ desired, reason, state }: ServedVersion): RepositoryEntry => ({
  name: desired.model,
  version: String(desired.version),
  state,
  reason
})
