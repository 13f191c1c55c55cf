import {
  decodeRequest,
  type InferRequest
} from "@analytics/inference-protocol/InferRequest"
import { encodeResponse } from "@analytics/inference-protocol/InferResponse"
import { Malformed } from "@analytics/inference-protocol/Malformed"
import { headerLengthName, type Message } from "@analytics/inference-protocol/message"
import type { Tensor } from "@analytics/inference-protocol/Tensor"
import type { Form } from "@analytics/inference-protocol/writeTensor"
import { Effect } from "effect"
import { type Inferred, Serving } from "../serving/Serving.ts"
import { accessOf } from "./accessOf.ts"
import { RequestBodies } from "./RequestBodies.ts"

/** One inference: bytes in, bytes out. `version`: as in the URL. */
export const infer = Effect.fnUntraced(function* (
  request: Request,
  model: string,
  version: string | undefined
) {
  const { projectId } = yield* accessOf(request, "predict")
  const serving = yield* Serving
  const bodies = yield* RequestBodies
  return yield* bodies.use(request, (body) =>
    Effect.gen(function* () {
      const asked = yield* Effect.fromResult(
        decodeRequest(body, request.headers.get(headerLengthName))
      )
      const target = { projectId, model, version, entity: yield* entityOf(asked) }
      const names = asked.outputs?.map(({ name }) => name)
      const inferred = yield* serving.infer(target, asked.inputs, names)
      return responseOf(yield* Effect.fromResult(encodeAnswer(asked, inferred)))
    })
  )
})

/** Who is predicted about: what decides between champion and challenger. */
const entityOf = ({ parameters }: InferRequest) => {
  const entity = parameters?.["entity"]
  return entity === undefined || typeof entity === "string"
    ? Effect.succeed(entity)
    : Effect.fail(new Malformed({ detail: "parameters.entity must be a string" }))
}

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
