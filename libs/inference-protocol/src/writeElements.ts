import { refuse } from "./Malformed.ts"
import { shortestFloat } from "./shortestFloat.ts"
import type { Tensor } from "./Tensor.ts"
import { textsOf, typedArrayOf } from "./TensorValues.ts"

/**
 * The elements of a tensor as the text of a flat JSON array: 64-bit integers with all their
 * digits, 32-bit floats with the fewest that are read back as the same, NaN as `null`.
 */
export const writeElements = (tensor: Tensor): string => {
  switch (tensor.datatype) {
    case "FP16":
    case "BF16":
      return refuse(
        `"${tensor.name}" is ${tensor.datatype}, which JSON cannot carry; ${remedy}`
      )
    case "BYTES":
      return JSON.stringify(writableTexts(tensor))
    case "BOOL":
      return JSON.stringify(Array.from(tensor.bytes, (byte) => byte !== 0))
    case "FP32":
      return writeFloats(tensor.name, numbersIn(tensor).map(shortestFloat))
    case "FP64":
      return writeFloats(tensor.name, numbersIn(tensor))
    default:
      return `[${typedArrayOf(tensor).join(",")}]`
  }
}

const remedy = 'ask for it as binary data (parameters {"binary_data": true})'

const numbersIn = (tensor: Tensor): Array<number> =>
  Array.from<number | bigint, number>(typedArrayOf(tensor), Number)

const writeFloats = (name: string, numbers: ReadonlyArray<number>): string => {
  let hasNegativeZero = false
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index]
    if (number === Number.POSITIVE_INFINITY || number === Number.NEGATIVE_INFINITY)
      return refuse(
        `Element ${index} of "${name}" is ${number}, which JSON cannot carry; ${remedy}`
      )
    hasNegativeZero ||= Object.is(number, -0)
  }
  if (!hasNegativeZero) return JSON.stringify(numbers)
  const texts = numbers.map((number) =>
    Object.is(number, -0) ? "-0.0" : JSON.stringify(number)
  )
  return `[${texts.join(",")}]`
}

const writableTexts = (tensor: Tensor): ReadonlyArray<string> => {
  try {
    return textsOf(tensor)
  } catch {
    return refuse(
      `An element of "${tensor.name}" is not UTF-8, which JSON cannot carry; ${remedy}`
    )
  }
}
