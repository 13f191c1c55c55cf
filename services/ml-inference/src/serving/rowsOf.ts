import type { Tensor } from "@analytics/inference-protocol/Tensor"

/**
 * Cuts a tensor along its first dimension into parts of so many rows, without copying.
 * Undefined: it does not have that many rows in all.
 */
export const cut = (
  tensor: Tensor,
  rows: ReadonlyArray<number>
): ReadonlyArray<Tensor> | undefined => {
  const { bytes, datatype, name, shape } = tensor
  let total = 0
  for (const count of rows) total += count
  if (shape[0] !== total) return undefined
  const tail = shape.slice(1)
  const ends = datatype === "BYTES" ? endsOfStrings(bytes, rows, tail) : undefined
  const rowBytes = bytes.byteLength / total
  let row = 0
  let at = 0
  return rows.map((count, n) => {
    row += count
    const end = ends === undefined ? row * rowBytes : (ends[n] ?? at)
    const part = {
      name,
      datatype,
      shape: [count, ...tail],
      bytes: bytes.subarray(at, end)
    }
    at = end
    return part
  })
}

/** Where each part ends, when every element says its own length. */
const endsOfStrings = (
  bytes: Uint8Array,
  rows: ReadonlyArray<number>,
  tail: ReadonlyArray<number>
): ReadonlyArray<number> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const elementsOfRow = tail.reduce((all, size) => all * size, 1)
  let at = 0
  return rows.map((count) => {
    for (let n = 0; n < count * elementsOfRow; n++) at += 4 + view.getUint32(at, true)
    return at
  })
}
