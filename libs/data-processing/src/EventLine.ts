import { decodeLine, type InboxEvent } from "./InboxEvent.ts"
import { endOfValue } from "./JsonLeaves.ts"

/** An event of an inbox frame whose properties are left as text. */
export interface EventLine {
  /** Everything but `d`. */
  readonly event: InboxEvent
  readonly bytes: Uint8Array
  /** Where the object `d` begins; -1 without one. */
  readonly propsAt: number
  readonly start: number
  readonly end: number
}

/** Reads the line from `start` to before `end`, which `encodeLine` wrote. */
export const readLine = (bytes: Uint8Array, start: number, end: number): EventLine => {
  let at = start + 1
  while (at < end) {
    // Names of members are short and plain: the quote after the first ends one.
    const nameEnd = bytes.indexOf(0x22, at + 1)
    const valueAt = nameEnd + 2
    const valueEnd = endOfValue(bytes, valueAt)
    if (nameEnd === at + 2 && bytes[at + 1] === 0x64) {
      const comma = bytes[valueEnd] === 0x2c
      // Without the member, and without one of the commas around it.
      const before = textOf(bytes, start, comma || at === start + 1 ? at : at - 1)
      const after = textOf(bytes, comma ? valueEnd + 1 : valueEnd, end)
      return { event: decodeLine(before + after), bytes, propsAt: valueAt, start, end }
    }
    at = valueEnd + 1
  }
  return {
    event: decodeLine(textOf(bytes, start, end)),
    bytes,
    propsAt: -1,
    start,
    end
  }
}

/** The line itself. */
export const lineText = ({ bytes, start, end }: EventLine): string =>
  textOf(bytes, start, end)

const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
