/** The data types of the Open Inference Protocol, as its messages name them. */
export const datatypes = [
  "BOOL",
  "UINT8",
  "UINT16",
  "UINT32",
  "UINT64",
  "INT8",
  "INT16",
  "INT32",
  "INT64",
  "FP16",
  "BF16",
  "FP32",
  "FP64",
  "BYTES"
] as const
export type Datatype = (typeof datatypes)[number]

/** Bytes of one element; of `BYTES` every element says its own. */
export const elementSize: Readonly<Record<Exclude<Datatype, "BYTES">, number>> = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP16: 2,
  BF16: 2,
  FP32: 4,
  FP64: 8
}

/**
 * A tensor in the one form that everything between two wires uses: what the binary tensor
 * extension sends. Little-endian elements in row-major order; each element of `BYTES` has
 * its length before it, in four bytes. So nothing is converted twice, no digit of a 64-bit
 * integer is lost, and rows are joined and cut as bytes.
 */
export interface Tensor {
  readonly name: string
  readonly datatype: Datatype
  /** All ≥ 0. */
  readonly shape: ReadonlyArray<number>
  readonly bytes: Uint8Array
}

/** What a model says of an input or output; −1 is a dimension of any size. */
export interface TensorSpec {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: ReadonlyArray<number>
}
