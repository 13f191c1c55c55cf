import type { Statistics } from "@analytics/inference-protocol/ProtocolMessages"
import { Effect } from "effect"
import { ModelNotReady, Serving, type VersionStatistics } from "../serving/Serving.ts"
import { accessOf } from "./accessOf.ts"

/** What the runtime of all models is called in the protocol. */
const PLATFORM = "onnxruntime_onnx"

/** Seconds after which a model that is not ready may be. */
const SHORTLY = 1

const targetOf = Effect.fnUntraced(function* (
  request: Request,
  model: string,
  version: string | undefined
) {
  const { projectId } = yield* accessOf(request, "predict")
  return { projectId, model, version, entity: undefined }
})

export const metadataOf = Effect.fnUntraced(function* (
  request: Request,
  model: string,
  version?: string
) {
  const target = yield* targetOf(request, model, version)
  const { name, versions, signature } = yield* (yield* Serving).metadata(target)
  return { name, versions, platform: PLATFORM, ...signature }
})

export const readinessOf = Effect.fnUntraced(function* (
  request: Request,
  model: string,
  version?: string
) {
  const target = yield* targetOf(request, model, version)
  if (!(yield* (yield* Serving).ready(target)))
    return yield* new ModelNotReady({
      detail: `Model "${model}" is not ready`,
      retryAfter: SHORTLY
    })
  return { name: model, ready: true }
})

export const statisticsOf = Effect.fnUntraced(function* (
  request: Request,
  model?: string,
  version?: string
) {
  const { projectId } = yield* accessOf(request, "predict")
  const found = yield* (yield* Serving).statistics(projectId, model, version)
  return { model_stats: found.map(statistic) }
})

type ModelStatistic = (typeof Statistics.Type)["model_stats"][number]

const statistic = (it: VersionStatistics): ModelStatistic => ({
  name: it.name,
  version: it.version,
  last_inference: it.lastInference,
  inference_count: it.inferenceCount,
  execution_count: it.executionCount,
  inference_stats: {
    success: it.success,
    fail: it.fail,
    queue: it.queue,
    compute_input: it.computeInput,
    compute_infer: it.computeInfer,
    compute_output: it.computeOutput
  },
  batch_stats: it.batches.map(({ size, infer }) => ({
    batch_size: size,
    compute_infer: infer
  }))
})
