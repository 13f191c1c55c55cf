import {
  decodeRequest,
  type InferRequest
} from "@analytics/inference-protocol/InferRequest"
import { encodeResponse } from "@analytics/inference-protocol/InferResponse"
import { Malformed } from "@analytics/inference-protocol/Malformed"
import { headerLengthName, type Message } from "@analytics/inference-protocol/message"
import type { Tensor } from "@analytics/inference-protocol/Tensor"
import type { Form } from "@analytics/inference-protocol/writeTensor"
import { Effect, Result } from "effect"
import { loggedEntity, loggedProbability } from "../predictionLog/logging.ts"
import { PredictionLog } from "../predictionLog/PredictionLog.ts"
import { type Inferred, Serving } from "../serving/Serving.ts"
import { accessOf } from "./accessOf.ts"
import { BodyTooSlow } from "./ProtocolProblems.ts"
import { RequestBodies } from "./RequestBodies.ts"

/**
 * One inference: bytes in, bytes out. `early`: the body, if it was read already; `version`:
 * as in the URL.
 */
export const infer = Effect.fnUntraced(function* (
  request: Request,
  early: Uint8Array | BodyTooSlow | undefined,
  model: string,
  version: string | undefined
) {
  const { projectId } = yield* accessOf(request, "predict")
  const serving = yield* Serving
  const answer = (body: Uint8Array) => {
    const asked = decodeRequest(body, request.headers.get(headerLengthName))
    if (Result.isFailure(asked)) return Effect.fail(asked.failure)
    const { inputs, outputs, parameters } = asked.success
    const entity = parameters?.["entity"]
    if (entity !== undefined && typeof entity !== "string")
      return Effect.fail(
        new Malformed({ detail: "parameters.entity must be a string" })
      )
    const logged =
      parameters?.["log"] === undefined ? undefined : loggedEntity(asked.success)
    if (logged instanceof Malformed) return Effect.fail(logged)
    const target = { projectId, model, version, entity }
    const names = outputs?.map(({ name }) => name)
    return Effect.flatMap(serving.infer(target, inputs, names), (inferred) => {
      const message = encodeAnswer(asked.success, inferred)
      if (Result.isFailure(message)) return Effect.fail(message.failure)
      const response = responseOf(message.success)
      return logged === undefined
        ? Effect.succeed(response)
        : Effect.as(log(projectId, logged, inferred), response)
    })
  }
  if (early instanceof BodyTooSlow) return yield* early
  if (early !== undefined) return yield* answer(early)
  const bodies = yield* RequestBodies
  return yield* bodies.use(request, answer)
})

/** Keeps what was said, which no answer waits for. */
const log = Effect.fnUntraced(function* (
  projectId: number,
  entity: string,
  { model, outputs, version }: Inferred
) {
  const probability = loggedProbability(outputs)
  if (typeof probability !== "number") return yield* probability
  const { offer } = yield* PredictionLog
  offer({ projectId, entity, model, version, probability })
})

const encodeAnswer = (asked: InferRequest, inferred: Inferred) =>
  encodeResponse(
    {
      id: asked.id,
      modelName: inferred.model,
      modelVersion: String(inferred.version),
      outputs: inOrder(asked, inferred.outputs)
    },
    (name) => formOf(asked, name)
  )

/** As they were asked for. */
const inOrder = (
  { outputs }: InferRequest,
  given: ReadonlyArray<Tensor>
): ReadonlyArray<Tensor> =>
  outputs === undefined
    ? given
    : outputs.flatMap(({ name }) => given.filter((tensor) => tensor.name === name))

const formOf = ({ outputs, outputForm = "json" }: InferRequest, name: string): Form =>
  outputs?.find((output) => output.name === name)?.form ?? outputForm

const jsonHeaders = { "content-type": "application/json" }

const responseOf = ({ body, headerLength }: Message): Response =>
  new Response(body, {
    headers:
      headerLength === undefined
        ? jsonHeaders
        : {
            "content-type": "application/octet-stream",
            [headerLengthName]: String(headerLength)
          }
  })
