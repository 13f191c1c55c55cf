import { Forbidden, Unauthorized } from "@analytics/api-common/AuthProblems"
import { Health } from "@analytics/api-common/Health"
import { healthRoutes } from "@analytics/api-common/HealthRoutes"
import { methodNotAllowed } from "@analytics/api-common/MethodNotAllowed"
import type { Tensor } from "@analytics/inference-protocol/Tensor"
import { Effect, Layer, Logger, ManagedRuntime } from "effect"
import { Elysia } from "elysia"
import { ModelAccess } from "../../src/access/ModelAccess.ts"
import {
  type OnlinePrediction,
  PredictionLog
} from "../../src/predictionLog/PredictionLog.ts"
import { protocolRoutes } from "../../src/protocol/ProtocolRoutes.ts"
import { protocolErrors } from "../../src/protocol/protocolErrors.ts"
import { RequestBodies } from "../../src/protocol/RequestBodies.ts"
import { Placement } from "../../src/registry/Placement.ts"
import { VersionNotFound } from "../../src/registry/RegistryProblems.ts"
import {
  InferenceFailed,
  InputInvalid,
  ModelNotReady,
  ModelUnknown,
  Serving,
  type ServingTarget,
  TooBusy,
  type VersionStatistics
} from "../../src/serving/Serving.ts"

export const key = "sk_1"

/** Bytes of a request that the stub reads. */
export const bodyLimit = 256 * 1024

/** `Bearer sk_1` is of project 1 and may do everything; `sk_reads` may only predict. */
const AccessStub = Layer.succeed(ModelAccess, {
  known: () => undefined,
  of: (authorization, scope, projectId) => {
    if (authorization === "Bearer sk_reads" && scope === "models")
      return Effect.fail(new Forbidden({ detail: 'It lacks the scope "models".' }))
    if (authorization !== `Bearer ${key}` && authorization !== "Bearer sk_reads")
      return Effect.fail(new Unauthorized({}))
    return Effect.succeed({ actor: key, projectId: projectId ?? 1, until: 0 })
  }
})

const unknown = (detail: string) => Effect.fail(new ModelUnknown({ detail }))

/** What the stub was asked for last. */
export const lastTarget: { value: ServingTarget | undefined } = { value: undefined }

const find = ({ model, version }: ServingTarget): Effect.Effect<void, ModelUnknown> => {
  if (!(model in answers)) return unknown(`There is no model "${model}"`)
  return version === undefined || version === "3"
    ? Effect.void
    : unknown(`Model "${model}" has no version "${version}"`)
}

type Answer = (
  inputs: ReadonlyArray<Tensor>
) => Effect.Effect<
  ReadonlyArray<Tensor>,
  ModelNotReady | TooBusy | InputInvalid | InferenceFailed
>

const failed = (reason: "deadline" | "crash" | "refused") => () =>
  Effect.fail(new InferenceFailed({ reason, detail: `It failed: ${reason}` }))

const answers: Readonly<Record<string, Answer>> = {
  echo: (inputs) => Effect.succeed(inputs),
  loading: () =>
    Effect.fail(new ModelNotReady({ detail: "It is loading", retryAfter: 2 })),
  busy: () => Effect.fail(new TooBusy({ detail: "The queue is full", retryAfter: 1 })),
  picky: () => Effect.fail(new InputInvalid({ detail: 'The model has no input "y"' })),
  slow: failed("deadline"),
  crashing: failed("crash"),
  refusing: failed("refused"),
  broken: () => Effect.die(new Error("a secret of the server"))
}

const timed = { count: 2, ns: 3000 }

const statistics: VersionStatistics = {
  name: "echo",
  version: "3",
  lastInference: 1_700_000_000_000,
  inferenceCount: 4,
  executionCount: 2,
  success: timed,
  fail: { count: 0, ns: 0 },
  queue: timed,
  computeInput: timed,
  computeInfer: timed,
  computeOutput: timed,
  batches: [{ size: 2, infer: timed }]
}

const ServingStub = Layer.succeed(Serving, {
  infer: (target, inputs, outputs) =>
    Effect.gen(function* () {
      lastTarget.value = target
      yield* find(target)
      const given = yield* answers[target.model]?.(inputs) ?? Effect.succeed([])
      const wanted = outputs ?? given.map(({ name }) => name)
      // In no order that anybody asked for.
      const found = given.filter(({ name }) => wanted.includes(name)).toReversed()
      return { model: target.model, version: 3, outputs: found }
    }),
  begun: Effect.void,
  ready: (target) => Effect.as(find(target), target.model !== "loading"),
  metadata: (target) =>
    Effect.as(find(target), {
      name: target.model,
      versions: ["1", "3"],
      signature: {
        inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
        outputs: [{ name: "y", datatype: "INT64", shape: [-1] }]
      }
    }),
  statistics: (_projectId, model = "echo", version) =>
    Effect.as(find({ model, version, projectId: 1, entity: undefined }), [statistics]),
  index: () =>
    Effect.succeed([
      { name: "echo", version: "3", state: "READY", reason: "" },
      { name: "loading", version: "1", state: "LOADING", reason: "" }
    ]),
  awaitReady: () => Effect.void
})

/** What was loaded and unloaded, in order. */
export const loadings: Array<string> = []

const PlacementStub = Layer.mock(Placement, {
  load: (_actor, model, version = 3) =>
    find({ model, version: String(version), projectId: 1, entity: undefined }).pipe(
      Effect.mapError(() => new VersionNotFound({ model, version })),
      Effect.andThen(Effect.sync(() => loadings.push(`load ${model} ${version}`))),
      Effect.as(version)
    ),
  unload: (_actor, model, version) =>
    Effect.sync(() => {
      loadings.push(`unload ${model} ${version ?? "all"}`)
    })
})

/** What was to be logged, in order. */
export const logged: Array<OnlinePrediction> = []

const PredictionLogStub = Layer.succeed(PredictionLog, {
  offer: (prediction) => {
    logged.push(prediction)
  }
})

const runtime = ManagedRuntime.make(
  Layer.mergeAll(
    AccessStub,
    PredictionLogStub,
    ServingStub,
    PlacementStub,
    RequestBodies.layerOf(bodyLimit),
    Health.layer({}),
    Logger.layer([])
  )
)

/** The routes of the protocol over stubs, listening on a port of their own. */
export const listen = (): { readonly url: string; readonly stop: () => unknown } => {
  const app = new Elysia({ serve: { maxRequestBodySize: Number.MAX_SAFE_INTEGER } })
    .use(protocolErrors(runtime))
    .use(methodNotAllowed)
    .use(protocolRoutes(runtime))
    .use(healthRoutes(runtime))
    .listen({ hostname: "127.0.0.1", port: 0, reusePort: false })
  return { url: `http://127.0.0.1:${app.server?.port}`, stop: () => app.stop(true) }
}
