import { Result } from "effect"
import { attempt, type Malformed, refuse } from "./Malformed.ts"
import { readElements } from "./readElements.ts"
import type { Datatype, Tensor } from "./Tensor.ts"

/** The arrays of JavaScript that have the elements of a data type each. */
export type TypedArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float16Array
  | Float32Array
  | Float64Array

const datatypeOf = (array: TypedArray): Datatype => {
  if (array instanceof Uint8Array) return "UINT8"
  if (array instanceof Uint16Array) return "UINT16"
  if (array instanceof Uint32Array) return "UINT32"
  if (array instanceof BigUint64Array) return "UINT64"
  if (array instanceof Int8Array) return "INT8"
  if (array instanceof Int16Array) return "INT16"
  if (array instanceof Int32Array) return "INT32"
  if (array instanceof BigInt64Array) return "INT64"
  if (array instanceof Float16Array) return "FP16"
  if (array instanceof Float32Array) return "FP32"
  return "FP64"
}

/** A tensor of the elements of `array`, in its data type. Copies nothing. */
export const fromTypedArray = (
  name: string,
  shape: ReadonlyArray<number>,
  array: TypedArray
): Tensor => ({
  name,
  datatype: datatypeOf(array),
  shape,
  bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
})

/** A tensor of elements as JSON has them, flat; integers of 64 bits also as `bigint`. */
export const fromValues = (
  name: string,
  datatype: Exclude<Datatype, "FP16" | "BF16">,
  shape: ReadonlyArray<number>,
  values: ReadonlyArray<number | bigint | string | boolean | null>
): Result.Result<Tensor, Malformed> =>
  Result.map(
    attempt(() => readElements(datatype, shape, values, name)),
    (bytes) => ({ name, datatype, shape, bytes })
  )

/** The bytes at an address that every typed array can begin at. */
const alignedOf = ({ bytes }: Tensor, size: number): Uint8Array =>
  bytes.byteOffset % size === 0 ? bytes : bytes.slice()

const widened = (bytes: Uint8Array): Float32Array => {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  const words = Uint32Array.from(halves, (half) => half << 16)
  return new Float32Array(words.buffer)
}

/**
 * The elements of a tensor of numbers; those of `BOOL` are 0 and 1, those of `BF16` 32-bit
 * floats. It may share the memory of the tensor.
 */
export const typedArrayOf = (tensor: Tensor): TypedArray => {
  switch (tensor.datatype) {
    case "BYTES":
      return refuse(`"${tensor.name}" is of texts, not of numbers`)
    case "BOOL":
    case "UINT8":
      return tensor.bytes
    case "INT8":
      return new Int8Array(...partsOf(tensor, 1))
    case "UINT16":
      return new Uint16Array(...partsOf(tensor, 2))
    case "INT16":
      return new Int16Array(...partsOf(tensor, 2))
    case "FP16":
      return new Float16Array(...partsOf(tensor, 2))
    case "BF16":
      return widened(alignedOf(tensor, 2))
    case "UINT32":
      return new Uint32Array(...partsOf(tensor, 4))
    case "INT32":
      return new Int32Array(...partsOf(tensor, 4))
    case "FP32":
      return new Float32Array(...partsOf(tensor, 4))
    case "FP64":
      return new Float64Array(...partsOf(tensor, 8))
    case "UINT64":
      return new BigUint64Array(...partsOf(tensor, 8))
    case "INT64":
      return new BigInt64Array(...partsOf(tensor, 8))
  }
}

const partsOf = (tensor: Tensor, size: number): [ArrayBufferLike, number, number] => {
  const { buffer, byteOffset, byteLength } = alignedOf(tensor, size)
  return [buffer, byteOffset, byteLength / size]
}

/** The elements as numbers; an integer of 64 bits as the double next to it. */
export const numbersOf = (tensor: Tensor): ReadonlyArray<number> =>
  Array.from<number | bigint, number>(typedArrayOf(tensor), Number)

/** The elements of a tensor of `BYTES`. They share its memory. */
const elementsOfBytes = ({ bytes }: Tensor): ReadonlyArray<Uint8Array> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const elements: Array<Uint8Array> = []
  for (let offset = 0; offset < bytes.length; ) {
    const end = offset + 4 + view.getUint32(offset, true)
    elements.push(bytes.subarray(offset + 4, end))
    offset = end
  }
  return elements
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/**
 * The elements of a tensor of `BYTES` as texts.
 *
 * @throws {TypeError} where one is not UTF-8.
 */
export const textsOf = (tensor: Tensor): ReadonlyArray<string> =>
  elementsOfBytes(tensor).map((element) => utf8.decode(element))
