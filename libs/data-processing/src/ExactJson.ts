/** A JSON number whose digits a double cannot hold, kept as its source text. */
export interface RawNumber {
  readonly rawJSON: string
}

export type Json =
  | string
  | number
  | boolean
  | null
  | RawNumber
  | ReadonlyArray<Json>
  | JsonObject

export interface JsonObject {
  readonly [name: string]: Json
}

/** Why a value cannot be stored; the names are quarantine reasons. */
export type JsonFault = "number_out_of_range" | "nesting_too_deep"

/** Containers inside each other, the outermost one counted. */
export const MAX_NESTING = 32

const native = JSON as unknown as {
  rawJSON(source: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
}

/** Whether `value` is a number that was kept as text. No object of a client ever is. */
export const isRawNumber = (value: unknown): value is RawNumber =>
  native.isRawJSON(value)

/** An integer of any size as a JSON number. */
export const integer = (value: bigint): Json => {
  const double = Number(value)
  return Number.isSafeInteger(double) ? double : native.rawJSON(String(value))
}

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !native.isRawJSON(value)

/**
 * Whether a parsed number may have lost digits: below 2^53 none can. Looking at the values
 * costs a tenth of searching the text for them. What nests deeper than anybody stores is
 * answered `true` unseen, so that this cannot overflow the stack.
 */
const maybeInexact = (value: Json, room = 2 * MAX_NESTING): boolean => {
  if (typeof value === "number") return !(Math.abs(value) < 2 ** 53)
  if (typeof value !== "object" || value === null) return false
  if (room === 0) return true
  if (Array.isArray(value)) {
    for (const item of value) if (maybeInexact(item, room - 1)) return true
    return false
  }
  const object = value as JsonObject
  for (const name in object)
    if (maybeInexact(object[name] as Json, room - 1)) return true
  return false
}

/** Stands for a number while the text is parsed; no client can guess it. */
const mark = `\u2060${crypto.randomUUID()}:`

/**
 * `JSON.parse` that loses no digit: an integer beyond 2^53 and a number beyond the range
 * of a double become a `RawNumber`, which `JSON.stringify` writes as it was read.
 *
 * @throws SyntaxError when `text` is not JSON; nothing else, however deep it nests.
 */
export const parse = (text: string): Json => {
  const value: Json = JSON.parse(text)
  if (!maybeInexact(value)) return value
  const marked = markInexact(text)
  return marked === text ? value : unmark(JSON.parse(marked))
}

const MAX_INT = 2n ** 64n - 1n
const MIN_INT = -(2n ** 63n)

/** The first thing in `value` that the event store cannot hold. */
export const faultOf = (value: Json, room = MAX_NESTING): JsonFault | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  if (native.isRawJSON(value))
    return isInt64(value.rawJSON) ? undefined : "number_out_of_range"
  if (room === 0) return "nesting_too_deep"
  if (Array.isArray(value)) {
    for (const item of value) {
      const fault = faultOf(item, room - 1)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  const object = value as JsonObject
  for (const name in object) {
    const member = object[name] as Json
    if (typeof member !== "object" || member === null) continue
    const fault = faultOf(member, room - 1)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** An integer between -2^63 and 2^64 - 1, which is what 64 bits can hold. */
const isInt64 = (source: string): boolean => {
  if (source.length > 20 || !/^-?\d+$/.test(source)) return false
  const integer = BigInt(source)
  return integer >= MIN_INT && integer <= MAX_INT
}

/** Puts every number that a double cannot hold into a marked string. */
const markInexact = (text: string): string => {
  let marked = ""
  let copied = 0
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      at = endOfString(text, at)
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const start = at
      at = endOfNumber(text, at)
      const source = text.slice(start, at)
      if (isInexact(source)) {
        marked += `${text.slice(copied, start)}"${mark}${source}"`
        copied = at
      }
    } else at++
  }
  return copied === 0 ? text : marked + text.slice(copied)
}

const isInexact = (source: string): boolean => {
  const value = Number(source)
  return /[.eE]/.test(source) ? !Number.isFinite(value) : !Number.isSafeInteger(value)
}

const endOfNumber = (text: string, start: number): number => {
  let at = start + 1
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const digit = code >= 0x30 && code <= 0x39
    // + - . and both letters of an exponent
    if (
      !digit &&
      code !== 0x2b &&
      code !== 0x2d &&
      code !== 0x2e &&
      (code | 32) !== 0x65
    )
      break
  }
  return at
}

/** The position after the closing quote; the text is known to be JSON. */
const endOfString = (text: string, start: number): number => {
  let quote = text.indexOf('"', start + 1)
  for (;;) {
    let slashes = 0
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes++
    if (slashes % 2 === 0) return quote + 1
    quote = text.indexOf('"', quote + 1)
  }
}

type Container = { [key: string | number]: Json }

/** Replaces marked strings in place, without recursion: the value may nest 100,000 deep. */
const unmark = (root: Json): Json => {
  const holder: Container = { root }
  const open: Array<Container> = [holder]
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    for (const key in top) {
      const value = top[key]
      if (typeof value === "string" && value.startsWith(mark))
        // `__proto__` is an own property here, and assigning to it would not be.
        Object.defineProperty(top, key, {
          value: native.rawJSON(value.slice(mark.length)),
          enumerable: true,
          configurable: true,
          writable: true
        })
      else if (typeof value === "object" && value !== null)
        open.push(value as Container)
    }
  }
  return holder["root"] as Json
}
