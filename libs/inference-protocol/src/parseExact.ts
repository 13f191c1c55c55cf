import { refuse } from "./Malformed.ts"

/** Digits of the largest integer of 64 bits, and a sign. */
const MAX_DIGITS = 20

type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context: { readonly source?: string }
) => unknown

/** The text of a number comes with it; TypeScript's library does not know yet. */
const { parse } = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The text of a body. */
export const textOf = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes)
  } catch {
    return refuse("The body must be JSON in UTF-8")
  }
}

/** `JSON.parse`, which loses digits of integers beyond 2^53. */
export const parseText = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return refuse(
      /[[,:]\s*-?(?:NaN|Infinity|inf)/iu.test(text)
        ? "The body is not JSON: it knows neither NaN nor infinities; write null for NaN, or send the tensor as binary data"
        : "The body is not JSON, or not all of it"
    )
  }
}

/** Integers that a double cannot hold become `bigint`. Several times slower. */
export const parseExact = (text: string): unknown => {
  try {
    return parse(text, (_key, value, { source }) =>
      typeof value === "number" &&
      !Number.isSafeInteger(value) &&
      source !== undefined &&
      source.length <= MAX_DIGITS &&
      /^-?\d+$/u.test(source)
        ? BigInt(source)
        : value
    )
  } catch {
    // What parses without the function and not with it nests deeper than the stack.
    return refuse("The body nests too deep")
  }
}
