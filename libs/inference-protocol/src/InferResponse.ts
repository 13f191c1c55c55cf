import type { Result } from "effect"
import { attempt, type Malformed, refuse } from "./Malformed.ts"
import { type Message, readMessage, writeMessage } from "./message.ts"
import type { Tensor } from "./Tensor.ts"
import {
  type BinaryReader,
  type Parameters,
  readName,
  readParameters,
  readTensors
} from "./wireTensor.ts"
import { type Form, writeTensor } from "./writeTensor.ts"

/** What a model answers. */
export interface InferResponse {
  readonly modelName: string
  /** The one that answered. */
  readonly modelVersion?: string | undefined
  /** That of the request. */
  readonly id?: string | undefined
  readonly parameters?: Parameters | undefined
  readonly outputs: ReadonlyArray<Tensor>
}

/** Writes the answer to an `infer` request; `formOf` says how each output travels. */
export const encodeResponse = (
  response: InferResponse,
  formOf: (output: string) => Form
): Result.Result<Message, Malformed> =>
  attempt(() => {
    const { id, modelName, modelVersion, parameters } = response
    const binary: Array<Uint8Array> = []
    const outputs = response.outputs.map((tensor) =>
      writeTensor(tensor, formOf(tensor.name), binary)
    )
    const head = JSON.stringify({
      id,
      model_name: modelName,
      model_version: modelVersion,
      parameters
    })
    return writeMessage(
      `${head.slice(0, -1)},"outputs":[${outputs.join(",")}]}`,
      binary
    )
  })

/** Reads the answer to an `infer` request. `headerLength`: that header as it came. */
export const decodeResponse = (
  body: Uint8Array,
  headerLength: string | null | undefined
): Result.Result<InferResponse, Malformed> =>
  readMessage(body, headerLength, readResponse)

const readResponse = (
  fields: Readonly<Record<string, unknown>>,
  binary: BinaryReader
): InferResponse => {
  const { id, model_version: modelVersion, outputs } = fields
  if (id !== undefined && typeof id !== "string") return refuse("id must be a string")
  if (modelVersion !== undefined && typeof modelVersion !== "string")
    return refuse("model_version must be a string")
  return {
    modelName: readName(fields["model_name"], "model_name"),
    modelVersion,
    id,
    parameters: readParameters(fields["parameters"], "parameters"),
    outputs: readTensors(outputs, "outputs", binary)
  }
}
