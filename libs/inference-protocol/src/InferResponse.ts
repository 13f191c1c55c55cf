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

/**
 * Bytes of the tensors that are written as JSON, at most: a million 32-bit floats take a
 * good part of a second, in which nothing else is answered. Binary data costs nothing.
 */
export const mostAsJson = 4 * 1024 * 1024

/** Writes the answer to an `infer` request; `formOf` says how each output travels. */
export const encodeResponse = (
  response: InferResponse,
  formOf: (output: string) => Form
): Result.Result<Message, Malformed> =>
  attempt(() => {
    const { id, modelName, modelVersion, parameters } = response
    const binary: Array<Uint8Array> = []
    let asJson = 0
    const outputs = response.outputs.map((tensor) => {
      const form = formOf(tensor.name)
      if (form === "json") asJson += tensor.bytes.byteLength
      if (asJson > mostAsJson)
        refuse(
          `The outputs have more than ${mostAsJson} bytes up to "${tensor.name}", which are not written as JSON; ask for them as binary data (parameters {"binary_data_output": true})`
        )
      return writeTensor(tensor, form, binary)
    })
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
