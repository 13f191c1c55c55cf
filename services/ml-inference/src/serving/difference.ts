import type { Tensor } from "@analytics/inference-protocol/Tensor"

/**
 * How two answers differ, as text; undefined: at most by `tolerance` in each floating-point
 * number and by nothing else. NaN is like NaN.
 */
export const difference = (
  answer: ReadonlyArray<Tensor>,
  expected: ReadonlyArray<Tensor>,
  tolerance: number
): string | undefined => {
  for (const wanted of expected) {
    const given = answer.find(({ name }) => name === wanted.name)
    if (given === undefined) return `there is no output "${wanted.name}"`
    const found = differenceOf(given, wanted, tolerance)
    if (found !== undefined) return `output "${wanted.name}" ${found}`
  }
  return undefined
}

const differenceOf = (
  given: Tensor,
  wanted: Tensor,
  tolerance: number
): string | undefined => {
  if (given.datatype !== wanted.datatype)
    return `is ${given.datatype} and not ${wanted.datatype}`
  if (given.shape.join() !== wanted.shape.join())
    return `has the shape [${given.shape}] and not [${wanted.shape}]`
  const one = floatsOf(given)
  const other = floatsOf(wanted)
  if (one === undefined || other === undefined)
    return Buffer.compare(given.bytes, wanted.bytes) === 0
      ? undefined
      : "is another one"
  for (const [n, value] of other.entries()) {
    const found = one[n] ?? Number.NaN
    const same = Object.is(found, value) || Math.abs(found - value) <= tolerance
    if (!same && found !== value) return `has ${found} where ${value} is expected`
  }
  return undefined
}

/** Copied, because the bytes of a tensor may lie anywhere. */
const floatsOf = ({
  bytes,
  datatype
}: Tensor):
  | (ArrayLike<number> &
      Iterable<number> & {
        entries(): ArrayIterator<[number, number]>
      })
  | undefined => {
  const { buffer } = new Uint8Array(bytes)
  if (datatype === "FP32") return new Float32Array(buffer)
  if (datatype === "FP64") return new Float64Array(buffer)
  if (datatype === "FP16") return new Float16Array(buffer)
  return undefined
}
