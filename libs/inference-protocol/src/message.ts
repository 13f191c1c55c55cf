import type { Result } from "effect"
import { attempt, type Malformed, refuse } from "./Malformed.ts"
import { parseExact, parseText, textOf } from "./parseExact.ts"
import { DigitsLost } from "./readElements.ts"
import { BinaryReader, isObject } from "./wireTensor.ts"

/** The bytes of JSON at the start of a body that has binary data after it. */
export const headerLengthName = "inference-header-content-length"

/** A body, with the length of its JSON if binary data follows. */
export interface Message {
  readonly body: string | Uint8Array
  readonly headerLength: number | undefined
}

type Fields = Readonly<Record<string, unknown>>

/** Reads a body: JSON, and behind it the binary data that its tensors ask for. */
export const readMessage = <A>(
  body: Uint8Array,
  headerLength: string | null | undefined,
  read: (fields: Fields, binary: BinaryReader) => A
): Result.Result<A, Malformed> =>
  attempt(() => {
    const json = jsonOf(body, headerLength)
    const text = textOf(json)
    const attemptWith = (parsed: unknown): A => {
      if (!isObject(parsed)) return refuse("The body must be a JSON object")
      const binary = new BinaryReader(body.subarray(json.length))
      const message = read(parsed, binary)
      binary.end()
      return message
    }
    try {
      return attemptWith(parseText(text))
    } catch (error) {
      if (!(error instanceof DigitsLost)) throw error
    }
    try {
      return attemptWith(parseExact(text))
    } catch (error) {
      if (!(error instanceof DigitsLost)) throw error
      return refuse(
        "An integer of 64 bits is out of range, or is not written as its digits alone"
      )
    }
  })

const jsonOf = (
  body: Uint8Array,
  headerLength: string | null | undefined
): Uint8Array => {
  if (headerLength === undefined || headerLength === null) return body
  const length = /^\d{1,15}$/u.test(headerLength) ? Number(headerLength) : Number.NaN
  if (Number.isNaN(length))
    return refuse("Inference-Header-Content-Length must be a non-negative integer")
  if (length > body.length)
    return refuse(
      `Inference-Header-Content-Length is ${length}, but the body has ${body.length} bytes`
    )
  return body.subarray(0, length)
}

/** Joins the text of JSON and the binary data that follows it. */
export const writeMessage = (
  json: string,
  binary: ReadonlyArray<Uint8Array>
): Message => {
  if (binary.length === 0) return { body: json, headerLength: undefined }
  const header = Buffer.from(json)
  return { body: Buffer.concat([header, ...binary]), headerLength: header.length }
}
