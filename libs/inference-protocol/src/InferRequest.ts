import type { Result } from "effect"
import { attempt, type Malformed, refuse } from "./Malformed.ts"
import { type Message, readMessage, writeMessage } from "./message.ts"
import type { Tensor } from "./Tensor.ts"
import {
  type BinaryReader,
  isObject,
  type Parameters,
  readName,
  readParameters,
  readTensors
} from "./wireTensor.ts"
import { type Form, writeTensor } from "./writeTensor.ts"

/** An output that is wanted. */
export interface RequestedOutput {
  readonly name: string
  readonly form: Form
}

/** What a client asks of a model. */
export interface InferRequest {
  /** Comes back with the answer. */
  readonly id?: string | undefined
  readonly parameters?: Parameters | undefined
  /** Names differ. */
  readonly inputs: ReadonlyArray<Tensor>
  /** In the order in which they are answered; without it all that the model has. */
  readonly outputs?: ReadonlyArray<RequestedOutput> | undefined
  /** Of outputs that `outputs` does not name; `json` without it. */
  readonly outputForm?: Form | undefined
}

/** More outputs than any model has. */
const MAX_OUTPUTS = 1000

/** Reads the body of an `infer` request. `headerLength`: that header as it came. */
export const decodeRequest = (
  body: Uint8Array,
  headerLength: string | null | undefined
): Result.Result<InferRequest, Malformed> =>
  readMessage(body, headerLength, readRequest)

type Fields = Readonly<Record<string, unknown>>

const readRequest = (fields: Fields, binary: BinaryReader): InferRequest => {
  const { inputs } = fields
  const id = fields["id"] ?? undefined
  if (id !== undefined && typeof id !== "string") return refuse("id must be a string")
  const parameters = readParameters(fields["parameters"], "parameters")
  const outputForm = formIn(parameters, "binary_data_output", "parameters") ?? "json"
  return {
    id,
    parameters,
    inputs: readTensors(inputs, "inputs", binary),
    outputs: readOutputs(fields["outputs"], outputForm),
    outputForm
  }
}

/** An empty list asks for every output, as none does. */
const readOutputs = (
  value: unknown,
  form: Form
): ReadonlyArray<RequestedOutput> | undefined => {
  if (value === undefined || value === null) return undefined
  if (!Array.isArray(value)) return refuse("outputs must be an array")
  if (value.length > MAX_OUTPUTS) return refuse("outputs has more than any model has")
  const names = new Set<string>()
  const outputs = value.map((output: unknown, index) => {
    const at = `outputs[${index}]`
    if (!isObject(output)) return refuse(`${at} must be an object`)
    const name = readName(output["name"], `${at}.name`)
    if (names.has(name)) return refuse(`${at}.name: "${name}" was asked for already`)
    names.add(name)
    const parameters = readParameters(output["parameters"], `${at}.parameters`)
    for (const unsupported of ["classification", "shared_memory_region"])
      if (parameters[unsupported] !== undefined)
        return refuse(`${at}.parameters.${unsupported} is not supported`)
    return { name, form: formIn(parameters, "binary_data", `${at}.parameters`) ?? form }
  })
  return outputs.length === 0 ? undefined : outputs
}

const formIn = (parameters: Parameters, name: string, at: string): Form | undefined => {
  const value = parameters[name]
  if (value === undefined) return undefined
  if (typeof value !== "boolean") return refuse(`${at}.${name} must be true or false`)
  return value ? "binary" : "json"
}

/** Writes the body of an `infer` request with all inputs in one form. */
export const encodeRequest = (
  request: InferRequest,
  form: Form
): Result.Result<Message, Malformed> =>
  attempt(() => {
    const binary: Array<Uint8Array> = []
    const inputs = request.inputs.map((tensor) => writeTensor(tensor, form, binary))
    const outputs = request.outputs?.map(({ name, form }) => ({
      name,
      parameters: { binary_data: form === "binary" }
    }))
    const head = JSON.stringify({
      id: request.id,
      parameters: {
        ...request.parameters,
        ...(request.outputForm === "binary" ? { binary_data_output: true } : {})
      },
      outputs
    })
    return writeMessage(`${head.slice(0, -1)},"inputs":[${inputs.join(",")}]}`, binary)
  })
