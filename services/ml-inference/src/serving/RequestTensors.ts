import {
  elementSize,
  type Tensor,
  type TensorSpec
} from "@analytics/inference-protocol/Tensor"
import type { Signature } from "../execution/Executors.ts"

/** A request that fits its model. */
export interface RequestTensors {
  readonly _tag: "Request"
  /** In the order of the signature. */
  readonly inputs: ReadonlyArray<Tensor>
  /** Names of the outputs wanted; none: all. */
  readonly outputs: ReadonlyArray<string>
  /** Size of the first dimension; 1 of a model that has none. */
  readonly rows: number
  /** Bytes of all inputs. */
  readonly bytes: number
  /** Requests with the same one may run together; undefined: this one runs alone. */
  readonly key: string | undefined
}

/** Whether rows of one run can be those of several requests: every first dimension is free. */
export const isBatchable = ({ inputs, outputs }: Signature): boolean =>
  inputs.length > 0 && [...inputs, ...outputs].every(({ shape }) => shape[0] === -1)

/**
 * Makes the check of one model: that names, datatypes, ranks, dimensions and counts of
 * bytes are as the signature says. Gives what is wrong as text, naming the tensor.
 */
export const makeCheck = (
  signature: Signature
): ((
  inputs: ReadonlyArray<Tensor>,
  outputs: ReadonlyArray<string> | undefined
) => RequestTensors | string) => {
  /** Of each input, the dimensions behind the first that requests may choose. */
  const free = isBatchable(signature)
    ? signature.inputs.map(({ shape }) =>
        shape.flatMap((size, n) => (n > 0 && size === -1 ? [n] : []))
      )
    : undefined
  const positions = new Map(signature.inputs.map(({ name }, n) => [name, n]))
  const outputNames = new Set(signature.outputs.map(({ name }) => name))
  const names = (specs: ReadonlyArray<TensorSpec>) =>
    specs.map(({ name }) => `"${name}"`).join(", ")
  return (given, wanted) => {
    const inputs = new Array<Tensor>(signature.inputs.length)
    for (const tensor of given) {
      const at = positions.get(tensor.name)
      const spec = at === undefined ? undefined : signature.inputs[at]
      if (at === undefined || spec === undefined)
        return `unexpected input "${tensor.name}"; the inputs of the model are ${names(signature.inputs)}`
      if (inputs[at] !== undefined) return `input "${tensor.name}" is given twice`
      const wrong = mismatch(tensor, spec)
      if (wrong !== undefined) return wrong
      inputs[at] = tensor
    }
    if (given.length < signature.inputs.length) {
      const missing = signature.inputs.filter((_, at) => inputs[at] === undefined)
      return `missing input ${names(missing)}`
    }
    if (wanted !== undefined)
      for (const [n, name] of wanted.entries()) {
        if (!outputNames.has(name))
          return `unexpected output "${name}"; the outputs of the model are ${names(signature.outputs)}`
        if (wanted.indexOf(name) !== n) return `output "${name}" is asked for twice`
      }
    return placed(inputs, wanted ?? [], free)
  }
}

const placed = (
  inputs: ReadonlyArray<Tensor>,
  outputs: ReadonlyArray<string>,
  free: ReadonlyArray<ReadonlyArray<number>> | undefined
): RequestTensors => {
  let bytes = 0
  for (const tensor of inputs) bytes += tensor.bytes.byteLength
  if (free === undefined)
    return { _tag: "Request", inputs, outputs, rows: 1, bytes, key: undefined }
  const rows = inputs[0]?.shape[0] ?? 1
  let key = outputs.join("\n")
  for (let at = 0; at < inputs.length; at++) {
    const shape = inputs[at]?.shape ?? []
    // A model may take inputs of different lengths; those are no rows of one request.
    if (shape[0] !== rows)
      return {
        _tag: "Request",
        inputs,
        outputs,
        rows: Math.max(1, rows),
        bytes,
        key: undefined
      }
    // What the signature fixes was checked; only free dimensions tell requests apart.
    for (const dimension of free[at] ?? []) key += `\n${shape[dimension]}`
  }
  return {
    _tag: "Request",
    inputs,
    outputs,
    rows,
    bytes,
    key: rows === 0 ? undefined : key
  }
}

const show = (shape: ReadonlyArray<number>): string => `[${shape.join(",")}]`

const mismatch = (tensor: Tensor, spec: TensorSpec): string | undefined => {
  const { bytes, datatype, name, shape } = tensor
  if (datatype !== spec.datatype)
    return `input "${name}" is ${spec.datatype}, but ${datatype} is given`
  let elements = 1
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0)
      return `the shape ${show(shape)} of input "${name}" has a dimension that is no size`
    elements *= size
  }
  // The runtime tells a scalar and an input of any rank alike: it decides itself.
  if (spec.shape.length > 0) {
    const fits =
      shape.length === spec.shape.length &&
      spec.shape.every((size, n) => size === -1 || size === shape[n])
    if (!fits)
      return shape.length === spec.shape.length
        ? `input "${name}" has the shape ${show(spec.shape)} (-1: any size), but ${show(shape)} is given`
        : `input "${name}" has ${spec.shape.length} dimensions, ${show(spec.shape)} (-1: any size), but ${show(shape)} is given`
  }
  if (datatype === "BYTES") return mismatchOfStrings(name, bytes, elements)
  const wanted = elements * elementSize[datatype]
  if (bytes.byteLength !== wanted)
    return `input "${name}" of shape ${show(shape)} has ${wanted} bytes as ${datatype}, but ${bytes.byteLength} are given`
  if (datatype === "BOOL" && bytes.some((byte) => byte > 1))
    return `input "${name}" has an element that is neither 0 nor 1`
  return undefined
}

const mismatchOfStrings = (
  name: string,
  bytes: Uint8Array,
  elements: number
): string | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let count = 0
  let at = 0
  while (at + 4 <= bytes.byteLength) {
    at += 4 + view.getUint32(at, true)
    count++
  }
  if (at !== bytes.byteLength)
    return `an element of input "${name}" has fewer bytes than its length says`
  return count === elements
    ? undefined
    : `input "${name}" has ${elements} elements by its shape, but ${count} are given`
}
