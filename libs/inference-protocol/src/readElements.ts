import { refuse } from "./Malformed.ts"
import { elementsOf } from "./shape.ts"
import type { Datatype } from "./Tensor.ts"

/** `JSON.parse` may have changed an integer of 64 bits: the text must be asked. */
export class DigitsLost extends Error {}

type Elements = ReadonlyArray<unknown>

/** Writes elements of JSON into `bytes`, from element `start`. `at`: where they were. */
type Fill = (bytes: Uint8Array, start: number, elements: Elements, at: string) => void

/**
 * The elements of a tensor as JSON has them, in the binary form. `data` is flat, or nested
 * as `shape` says, row-major either way.
 *
 * @throws {DigitsLost} for integers of 64 bits from 2^53 on that are no `bigint`.
 */
export const readElements = (
  datatype: Datatype,
  shape: ReadonlyArray<number>,
  data: unknown,
  at: string
): Uint8Array => {
  if (datatype === "FP16" || datatype === "BF16")
    return refuse(
      `${at}: JSON cannot carry ${datatype}; send the tensor as binary data`
    )
  if (!Array.isArray(data)) return refuse(`${at} must be an array`)
  const elements = elementsOf(shape)
  const leaves = leavesOf(data, shape, elements, at)
  if (datatype === "BYTES") return readTexts(leaves)
  const { size, fill } = kinds[datatype]
  const bytes = new Uint8Array(elements * size)
  let start = 0
  for (const leaf of leaves) {
    fill(bytes, start, leaf.elements, leaf.at)
    start += leaf.elements.length
  }
  return bytes
}

interface Leaf {
  readonly elements: Elements
  readonly at: string
}

/** The innermost arrays, which hold the elements. Allocates no more than was received. */
const leavesOf = (
  data: Elements,
  shape: ReadonlyArray<number>,
  elements: number,
  at: string
): ReadonlyArray<Leaf> => {
  if (shape.length > 1 && Array.isArray(data[0])) {
    const leaves: Array<Leaf> = []
    descend(data, shape, 0, at, leaves)
    return leaves
  }
  if (data.length !== elements)
    return refuse(
      `${at} has ${data.length} elements where the shape [${shape.join(", ")}] has ${elements}`
    )
  return [{ elements: data, at }]
}

const descend = (
  data: unknown,
  shape: ReadonlyArray<number>,
  dimension: number,
  at: string,
  leaves: Array<Leaf>
): void => {
  const size = shape[dimension]
  if (!Array.isArray(data))
    refuse(`${at} must be an array, as the first one at its depth is`)
  if (data.length !== size)
    refuse(
      `${at} has ${data.length} elements where dimension ${dimension} of the shape has ${size}`
    )
  if (dimension === shape.length - 1) {
    leaves.push({ elements: data, at })
    return
  }
  for (let index = 0; index < data.length; index++)
    descend(data[index], shape, dimension + 1, `${at}[${index}]`, leaves)
}

const encoder = new TextEncoder()

const readTexts = (leaves: ReadonlyArray<Leaf>): Uint8Array => {
  let size = 0
  for (const { elements, at } of leaves)
    for (let index = 0; index < elements.length; index++) {
      const element = elements[index]
      if (typeof element !== "string") return refuse(`${at}[${index}] must be a string`)
      if (!element.isWellFormed())
        return refuse(`${at}[${index}] holds half a surrogate pair, which is no text`)
      size += 4 + Buffer.byteLength(element)
    }
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  let offset = 0
  for (const { elements } of leaves)
    for (const element of elements) {
      const { written } = encoder.encodeInto(
        String(element),
        bytes.subarray(offset + 4)
      )
      view.setUint32(offset, written, true)
      offset += 4 + written
    }
  return bytes
}

const booleans: Fill = (bytes, start, elements, at) => {
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index]
    if (typeof element !== "boolean")
      return refuse(`${at}[${index}] must be true or false`)
    bytes[start + index] = element ? 1 : 0
  }
}

type IntegerArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array

const integers =
  (
    view: (buffer: ArrayBufferLike) => IntegerArray,
    least: number,
    most: number
  ): Fill =>
  (bytes, start, elements, at) => {
    const target = view(bytes.buffer)
    for (let index = 0; index < elements.length; index++) {
      const element = elements[index]
      if (
        typeof element !== "number" ||
        !Number.isInteger(element) ||
        element < least ||
        element > most
      )
        return refuse(`${at}[${index}] must be an integer from ${least} to ${most}`)
      target[start + index] = element
    }
  }

const integers64 =
  (
    view: (buffer: ArrayBufferLike) => BigInt64Array | BigUint64Array,
    least: bigint,
    most: bigint
  ): Fill =>
  (bytes, start, elements, at) => {
    const target = view(bytes.buffer)
    for (let index = 0; index < elements.length; index++) {
      const element = elements[index]
      if (typeof element === "number" && Number.isInteger(element)) {
        if (!Number.isSafeInteger(element)) throw new DigitsLost()
        if (element >= 0 || least < 0n) {
          target[start + index] = BigInt(element)
          continue
        }
      } else if (typeof element === "bigint" && element >= least && element <= most) {
        target[start + index] = element
        continue
      }
      return refuse(
        `${at}[${index}] must be an integer from ${least} to ${most}, all its digits written`
      )
    }
  }

/** `null` is NaN, a missing value; there is no way to write an infinity. */
const floats =
  (view: (buffer: ArrayBufferLike) => Float32Array | Float64Array): Fill =>
  (bytes, start, elements, at) => {
    const target = view(bytes.buffer)
    for (let index = 0; index < elements.length; index++) {
      const element = elements[index]
      if (element === null) {
        target[start + index] = Number.NaN
        continue
      }
      const number = typeof element === "bigint" ? Number(element) : element
      if (typeof number !== "number")
        return refuse(`${at}[${index}] must be a number, or null for NaN`)
      target[start + index] = number
      if (!Number.isFinite(target[start + index]))
        return refuse(
          `${at}[${index}] is beyond the range of the data type; infinities are sent as binary data`
        )
    }
  }

const kinds: Readonly<
  Record<Exclude<Datatype, "BYTES" | "FP16" | "BF16">, { size: number; fill: Fill }>
> = {
  BOOL: { size: 1, fill: booleans },
  UINT8: { size: 1, fill: integers((buffer) => new Uint8Array(buffer), 0, 255) },
  UINT16: { size: 2, fill: integers((buffer) => new Uint16Array(buffer), 0, 65_535) },
  UINT32: {
    size: 4,
    fill: integers((buffer) => new Uint32Array(buffer), 0, 4_294_967_295)
  },
  UINT64: {
    size: 8,
    fill: integers64((buffer) => new BigUint64Array(buffer), 0n, 2n ** 64n - 1n)
  },
  INT8: { size: 1, fill: integers((buffer) => new Int8Array(buffer), -128, 127) },
  INT16: {
    size: 2,
    fill: integers((buffer) => new Int16Array(buffer), -32_768, 32_767)
  },
  INT32: {
    size: 4,
    fill: integers((buffer) => new Int32Array(buffer), -2_147_483_648, 2_147_483_647)
  },
  INT64: {
    size: 8,
    fill: integers64(
      (buffer) => new BigInt64Array(buffer),
      -(2n ** 63n),
      2n ** 63n - 1n
    )
  },
  FP32: { size: 4, fill: floats((buffer) => new Float32Array(buffer)) },
  FP64: { size: 8, fill: floats((buffer) => new Float64Array(buffer)) }
}
