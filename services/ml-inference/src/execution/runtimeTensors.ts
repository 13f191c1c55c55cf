import type { Datatype, Tensor } from "@analytics/inference-protocol/Tensor"
import { Tensor as OrtTensor } from "onnxruntime-node"

/**
 * To be called before the first tensor is made, by a process that does nothing else: without
 * it the runtime's JavaScript keeps half-precision numbers in a Uint16Array; Bun tells native
 * code that a Float16Array has no elements.
 */
export const hideFloat16Array = (): void => {
  Reflect.deleteProperty(globalThis, "Float16Array")
}

/** How the runtime names the datatypes it can take and give; it has no BF16. */
export const datatypeOf: ReadonlyMap<string, Datatype> = new Map<
  OrtTensor.Type,
  Datatype
>([
  ["bool", "BOOL"],
  ["uint8", "UINT8"],
  ["uint16", "UINT16"],
  ["uint32", "UINT32"],
  ["uint64", "UINT64"],
  ["int8", "INT8"],
  ["int16", "INT16"],
  ["int32", "INT32"],
  ["int64", "INT64"],
  ["float16", "FP16"],
  ["float32", "FP32"],
  ["float64", "FP64"],
  ["string", "BYTES"]
])

/** A tensor of the runtime over the same bytes; they must lie on a multiple of 8. */
export const toRuntime = ({ bytes, datatype, name, shape }: Tensor): OrtTensor => {
  const { buffer, byteLength, byteOffset } = bytes
  switch (datatype) {
    case "BOOL":
      return new OrtTensor("bool", bytes, shape)
    case "UINT8":
      return new OrtTensor("uint8", bytes, shape)
    case "UINT16":
      return new OrtTensor(
        "uint16",
        new Uint16Array(buffer, byteOffset, byteLength / 2),
        shape
      )
    case "UINT32":
      return new OrtTensor(
        "uint32",
        new Uint32Array(buffer, byteOffset, byteLength / 4),
        shape
      )
    case "UINT64":
      return new OrtTensor(
        "uint64",
        new BigUint64Array(buffer, byteOffset, byteLength / 8),
        shape
      )
    case "INT8":
      return new OrtTensor("int8", new Int8Array(buffer, byteOffset, byteLength), shape)
    case "INT16":
      return new OrtTensor(
        "int16",
        new Int16Array(buffer, byteOffset, byteLength / 2),
        shape
      )
    case "INT32":
      return new OrtTensor(
        "int32",
        new Int32Array(buffer, byteOffset, byteLength / 4),
        shape
      )
    case "INT64":
      return new OrtTensor(
        "int64",
        new BigInt64Array(buffer, byteOffset, byteLength / 8),
        shape
      )
    case "FP16":
      return new OrtTensor(
        "float16",
        new Uint16Array(buffer, byteOffset, byteLength / 2),
        shape
      )
    case "FP32":
      return new OrtTensor(
        "float32",
        new Float32Array(buffer, byteOffset, byteLength / 4),
        shape
      )
    case "FP64":
      return new OrtTensor(
        "float64",
        new Float64Array(buffer, byteOffset, byteLength / 8),
        shape
      )
    case "BYTES":
      return new OrtTensor("string", stringsOf(name, bytes), shape)
    case "BF16":
      throw new Error(`"${name}" is BF16, which the runtime does not take`)
  }
}

/** The output as everything else has it; its bytes are those of the runtime. */
export const fromRuntime = (name: string, tensor: OrtTensor): Tensor => {
  const datatype = datatypeOf.get(tensor.type)
  if (datatype === undefined)
    throw new Error(`"${name}" came out as ${tensor.type}, which cannot be sent`)
  return { name, datatype, shape: tensor.dims, bytes: bytesOf(tensor.data) }
}

const bytesOf = (data: OrtTensor.DataType): Uint8Array =>
  ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : bytesOfStrings(data)

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const stringsOf = (name: string, bytes: Uint8Array): Array<string> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const strings: Array<string> = []
  let at = 0
  while (at < bytes.byteLength) {
    const end = at + 4 + view.getUint32(at, true)
    strings.push(stringOf(name, strings.length, bytes.subarray(at + 4, end)))
    at = end
  }
  return strings
}

const stringOf = (name: string, index: number, bytes: Uint8Array): string => {
  const refuse = (why: string) => new Error(`element ${index} of "${name}" ${why}`)
  if (bytes.includes(0))
    throw refuse("has a character U+0000, where the runtime would end it")
  try {
    return strict.decode(bytes)
  } catch {
    throw refuse("is not UTF-8, which the runtime takes alone")
  }
}

const bytesOfStrings = (strings: ReadonlyArray<string>): Uint8Array => {
  const elements = strings.map((it) => Buffer.from(it, "utf8"))
  const bytes = Buffer.alloc(elements.reduce((all, it) => all + 4 + it.byteLength, 0))
  let at = 0
  for (const element of elements) {
    bytes.writeUInt32LE(element.byteLength, at)
    bytes.set(element, at + 4)
    at += 4 + element.byteLength
  }
  return bytes
}
