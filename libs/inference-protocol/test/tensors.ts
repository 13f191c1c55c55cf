import { elementsOf } from "@analytics/inference-protocol/shape"
import {
  type Datatype,
  datatypes,
  elementSize,
  type Tensor
} from "@analytics/inference-protocol/Tensor"
import fc from "fast-check"

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })

const texts = (elements: number): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.string({ unit: "grapheme" }), {
      minLength: elements,
      maxLength: elements
    })
    .map((all) => bytesOf(all.map((text) => Buffer.from(text))))

/** The binary form of `BYTES`. */
export const bytesOf = (elements: ReadonlyArray<Uint8Array>): Uint8Array =>
  Buffer.concat(
    elements.flatMap((element) => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(element.length)
      return [length, element]
    })
  )

const binary = (datatype: Datatype, elements: number): fc.Arbitrary<Uint8Array> => {
  if (datatype === "BYTES") return texts(elements)
  const size = elements * elementSize[datatype]
  const bytes = fc.uint8Array({ minLength: size, maxLength: size })
  return datatype === "BOOL" ? bytes.map((all) => all.map((byte) => byte & 1)) : bytes
}

const tensorsOf = (datatype: Datatype, shape: ReadonlyArray<number>) =>
  fc.record({
    name: fc.string({ minLength: 1 }),
    datatype: fc.constant(datatype),
    shape: fc.constant(shape),
    bytes: binary(datatype, elementsOf(shape))
  })

/** Any tensor, of any bits. */
export const anyTensor: fc.Arbitrary<Tensor> = fc
  .tuple(fc.constantFrom(...datatypes), shapes)
  .chain(([datatype, shape]) => tensorsOf(datatype, shape))

const isExponent = (bits: bigint, mask: bigint): boolean => (bits & mask) === mask

/** Without infinities, and with one NaN only: what JSON can say. */
const sayable = (tensor: Tensor): Tensor => {
  const view = new DataView(tensor.bytes.slice().buffer)
  if (tensor.datatype === "FP32")
    for (let at = 0; at < view.byteLength; at += 4)
      if (isExponent(BigInt(view.getUint32(at, true)), 0x7f800000n))
        view.setFloat32(at, Number.NaN, true)
  if (tensor.datatype === "FP64")
    for (let at = 0; at < view.byteLength; at += 8)
      if (isExponent(view.getBigUint64(at, true), 0x7ff0000000000000n))
        view.setFloat64(at, Number.NaN, true)
  return { ...tensor, bytes: new Uint8Array(view.buffer) }
}

/** Any tensor that JSON can carry. */
export const jsonTensor: fc.Arbitrary<Tensor> = anyTensor
  .filter(({ datatype }) => datatype !== "FP16" && datatype !== "BF16")
  .map(sayable)
