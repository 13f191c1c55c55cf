import { escapeName } from "./Flatten.ts"
import type { RowBuffer } from "./RowBuffer.ts"

const QUOTE = 0x22
const BACKSLASH = 0x5c
const DOT = 0x2e
const encoder = new TextEncoder()

/** A text that was cut: what was written is all there, so something went wrong since. */
export class EndsEarly extends Error {
  override readonly name = "EndsEarly"
  override readonly message = "the text ends before its JSON does"
}

/**
 * `flatten` for an object that is still JSON text, as `JSON.stringify` wrote it. Its
 * leaves are copied as they are, which makes the loader twice as fast: most of an event
 * is properties, and none of them has to become a value and text again.
 */
export class JsonLeaves {
  #bytes: Uint8Array = new Uint8Array(0)
  #prefix = new Uint8Array(1024)
  #at = 0
  /** The string at `path` on the outermost level of what was written last, else empty. */
  path = ""

  /**
   * Writes the leaves of the object that begins at `start`. Throws if it does not end
   * before `end`.
   *
   * @returns the number of leaves
   */
  write(
    bytes: Uint8Array,
    start: number,
    rows: RowBuffer,
    end: number = bytes.length
  ): number {
    this.#bytes = bytes
    this.#at = start
    this.path = ""
    const leaves = this.#object(rows, 0)
    if (this.#at > end) throw new EndsEarly()
    return leaves
  }

  /** From an opening brace to after the closing one. */
  #object(rows: RowBuffer, prefixLength: number): number {
    const bytes = this.#bytes
    let leaves = 0
    let at = this.#at + 1
    if (bytes[at] === 0x7d) {
      this.#at = at + 1
      return 0
    }
    for (;;) {
      const nameStart = at + 1
      let plain = true
      for (at = nameStart; bytes[at] !== QUOTE; at++) {
        const code = bytes[at]
        if (code === BACKSLASH) {
          plain = false
          at++
        } else if (code === DOT) plain = false
        else if (code === undefined) throw new EndsEarly()
      }
      const nameEnd = at
      at += 2
      const first = bytes[at]
      if (first === 0x6e) {
        at += 4
      } else if (first === 0x7b && bytes[at + 1] !== 0x7d) {
        const nested = this.#extend(prefixLength, nameStart, nameEnd, plain)
        this.#at = at
        leaves += this.#object(rows, nested)
        at = this.#at
      } else {
        const end = endOfValue(bytes, at)
        if (plain) rows.joined(this.#prefix, prefixLength, bytes, nameStart, nameEnd)
        else {
          const name = encoder.encode(escapeName(this.#name(nameStart, nameEnd)))
          rows.joined(this.#prefix, prefixLength, name, 0, name.length)
        }
        rows.joined(this.#prefix, 0, bytes, at, end)
        leaves++
        if (first === QUOTE && prefixLength === 0 && isPath(bytes, nameStart, nameEnd))
          this.path = textOf(bytes, at, end)
        at = end
      }
      if (bytes[at] !== 0x2c) {
        this.#at = at + 1
        return leaves
      }
      at++
    }
  }

  /** Appends a name and a dot to the prefix, and returns its new length. */
  #extend(length: number, start: number, end: number, plain: boolean): number {
    const name = plain
      ? this.#bytes.subarray(start, end)
      : encoder.encode(escapeName(this.#name(start, end)))
    const extended = length + name.length + 1
    if (extended > this.#prefix.length) {
      const grown = new Uint8Array(extended * 2)
      grown.set(this.#prefix)
      this.#prefix = grown
    }
    this.#prefix.set(name, length)
    this.#prefix[extended - 1] = DOT
    return extended
  }

  #name(start: number, end: number): string {
    return textOf(this.#bytes, start - 1, end + 1)
  }
}

/** The text of a JSON string, given with its quotes. */
const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  JSON.parse(
    Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
  )

const isPath = (bytes: Uint8Array, start: number, end: number): boolean =>
  end - start === 4 &&
  bytes[start] === 0x70 &&
  bytes[start + 1] === 0x61 &&
  bytes[start + 2] === 0x74 &&
  bytes[start + 3] === 0x68

/**
 * The position after the JSON value that begins at `start`, which has no blanks in it.
 * Throws if the bytes end before.
 */
export const endOfValue = (bytes: Uint8Array, start: number): number => {
  const first = bytes[start]
  if (first === QUOTE) return endOfString(bytes, start)
  let at = start
  if (first !== 0x7b && first !== 0x5b) {
    // A comma or a closing brace or bracket ends a number and a word.
    for (; ; at++) {
      const code = bytes[at]
      if (code === 0x2c || code === 0x7d || code === 0x5d) return at
      if (code === undefined) throw new EndsEarly()
    }
  }
  let depth = 0
  for (;;) {
    const code = bytes[at]
    if (code === QUOTE) at = endOfString(bytes, at)
    else if (code === undefined) throw new EndsEarly()
    else {
      at++
      // Both braces differ from both brackets by one bit only.
      const bracket = code | 0x20
      if (bracket === 0x7b) depth++
      else if (bracket === 0x7d && --depth === 0) return at
    }
  }
}

const endOfString = (bytes: Uint8Array, start: number): number => {
  let at = start + 1
  for (; bytes[at] !== QUOTE; at++) {
    const code = bytes[at]
    if (code === BACKSLASH) at++
    else if (code === undefined) throw new EndsEarly()
  }
  return at + 1
}
