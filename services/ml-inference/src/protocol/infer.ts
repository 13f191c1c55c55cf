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
import { type Inferred, Serving } from "../serving/Serving.ts"
import { accessOf } from "./accessOf.ts"
import { RequestBodies } from "./RequestBodies.ts"

/**
 * One inference: bytes in, bytes out. `early`: the body, if it was read already; `version`:
 * as in the URL.
 */
export const infer = Effect.fnUntraced(function* (
  request: Request,
  early: Uint8Array | undefined,
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
    const target = { projectId, model, version, entity }
    const names = outputs?.map(({ name }) => name)
    return Effect.flatMap(serving.infer(target, inputs, names), (inferred) => {
      const message = encodeAnswer(asked.success, inferred)
      return Result.isFailure(message)
        ? Effect.fail(message.failure)
        : Effect.succeed(responseOf(message.success))
    })
  }
  if (early !== undefined) return yield* answer(early)
  const bodies = yield* RequestBodies
  return yield* bodies.use(request, answer)
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
