import type { OnnxTensor } from "./OnnxModel.ts"

/** A tensor of 32-bit floats. */
export const floatTensor = (
  name: string,
  dims: ReadonlyArray<number>,
  values: ReadonlyArray<number> | Float32Array
): OnnxTensor => ({
  name,
  type: "float",
  dims,
  data: bytesOf(Float32Array.from(values))
})

/** A tensor of 64-bit integers, as shapes and axes are given. */
export const int64Tensor = (
  name: string,
  dims: ReadonlyArray<number>,
  values: ReadonlyArray<number | bigint>
): OnnxTensor => ({
  name,
  type: "int64",
  dims,
  data: bytesOf(BigInt64Array.from(values, BigInt))
})

/** One bool. */
export const boolTensor = (name: string, value: boolean): OnnxTensor => ({
  name,
  type: "bool",
  dims: [],
  data: Uint8Array.of(value ? 1 : 0)
})

/** The machines this runs on are little-endian, as the file is. */
const bytesOf = (array: Float32Array | BigInt64Array | Uint8Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
