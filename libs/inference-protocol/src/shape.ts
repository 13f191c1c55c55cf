import { refuse } from "./Malformed.ts"
import { type Datatype, elementSize } from "./Tensor.ts"

/** More dimensions than any runtime of models takes. */
const MAX_RANK = 32

/** Elements of a tensor, at most; what they take in bytes is still a number. */
const MAX_ELEMENTS = 2 ** 40

/** Reads a shape: non-negative integers whose product can be counted with. */
export const readShape = (value: unknown, at: string): ReadonlyArray<number> => {
  if (!Array.isArray(value))
    return refuse(`${at} must be an array of non-negative integers`)
  if (value.length > MAX_RANK)
    return refuse(`${at} has ${value.length} dimensions; at most ${MAX_RANK} are taken`)
  const shape: Array<number> = []
  // Zeros do not count here: [0, 2^50] has no element, and still is no shape.
  let room = MAX_ELEMENTS
  for (let index = 0; index < value.length; index++) {
    const size: unknown = value[index]
    if (typeof size === "bigint" || (typeof size === "number" && size > room))
      return refuse(`${at} is of more elements than a tensor may have`)
    if (typeof size !== "number" || !Number.isInteger(size) || size < 0)
      return refuse(`${at}[${index}] must be a non-negative integer`)
    if (size > 0) room /= size
    // −0 is 0.
    shape.push(size + 0)
  }
  return shape
}

/** Elements of a tensor of this shape; 1 of a scalar. */
export const elementsOf = (shape: ReadonlyArray<number>): number => {
  let elements = 1
  for (const size of shape) elements *= size
  return elements
}

/** Bytes of a tensor; of `BYTES` the fewest it can have. */
export const leastBytes = (datatype: Datatype, elements: number): number =>
  elements * (datatype === "BYTES" ? 4 : elementSize[datatype])
