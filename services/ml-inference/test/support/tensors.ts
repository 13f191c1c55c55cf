import type { Datatype, Tensor } from "@analytics/inference-protocol/Tensor"

export const tensor = (
  name: string,
  datatype: Datatype,
  shape: ReadonlyArray<number>,
  elements: ArrayBufferView
): Tensor => ({
  name,
  datatype,
  shape,
  bytes: new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)
})

/** Rows of numbers as FP32. */
export const floats = (
  name: string,
  rows: ReadonlyArray<ReadonlyArray<number>>
): Tensor =>
  tensor(
    name,
    "FP32",
    [rows.length, rows[0]?.length ?? 0],
    Float32Array.from(rows.flat())
  )

export const strings = (
  name: string,
  shape: ReadonlyArray<number>,
  elements: ReadonlyArray<string>
): Tensor =>
  tensor(
    name,
    "BYTES",
    shape,
    Buffer.concat(
      elements.flatMap((it) => {
        const text = Buffer.from(it)
        const length = Buffer.alloc(4)
        length.writeUInt32LE(text.byteLength)
        return [length, text]
      })
    )
  )

/** The FP32 numbers of a tensor. */
export const numbers = ({ bytes }: Tensor): ReadonlyArray<number> => [
  ...new Float32Array(bytes.slice().buffer)
]
