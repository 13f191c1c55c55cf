import { decodeLine, type InboxEvent } from "./InboxEvent.ts"
import { EndsEarly, endOfValue } from "./JsonLeaves.ts"

/** An event of an inbox frame whose properties are left as text. */
export interface EventLine {
  /** Everything but `d`. */
  readonly event: InboxEvent
  readonly bytes: Uint8Array
  /** Where the object `d` begins; -1 without one. */
  readonly propsAt: number
  /** Where the object `c` begins; -1 without one. */
  readonly contextAt: number
  readonly start: number
  readonly end: number
}

/**
 * Reads the line from `start` to before `end`, which `encodeLine` wrote. Throws on what
 * it cannot have written.
 */
export const readLine = (bytes: Uint8Array, start: number, end: number): EventLine => {
  let propsAt = -1
  let contextAt = -1
  let cutFrom = end
  let cutTo = end
  let at = start + 1
  while (at < end) {
    // Names of members are short and plain: the quote after the first ends one.
    const nameEnd = bytes.indexOf(0x22, at + 1)
    const valueAt = nameEnd + 2
    if (nameEnd < 0 || valueAt >= end) throw new EndsEarly()
    const valueEnd = endOfValue(bytes, valueAt)
    if (valueEnd >= end) throw new EndsEarly()
    const name = nameEnd === at + 2 ? bytes[at + 1] : 0
    if (name === 0x63) contextAt = valueAt
    else if (name === 0x64) {
      propsAt = valueAt
      // The member, and one of the commas around it.
      const comma = bytes[valueEnd] === 0x2c
      cutFrom = comma || at === start + 1 ? at : at - 1
      cutTo = comma ? valueEnd + 1 : valueEnd
    }
    at = valueEnd + 1
  }
  const rest = textOf(bytes, start, cutFrom) + textOf(bytes, cutTo, end)
  const event = decodeLine(rest)
  if (!isEvent(event)) throw new Error("the line is not an event")
  return { event, bytes, propsAt, contextAt, start, end }
}

/** Whether what every step relies on is there. */
const isEvent = ({ m, p, r, t }: InboxEvent): boolean =>
  typeof m === "string" &&
  Number.isSafeInteger(p) &&
  Number.isSafeInteger(t) &&
  Number.isSafeInteger(r)

/** The line itself. */
export const lineText = ({
  bytes,
  start,
  end
}: Pick<EventLine, "bytes" | "start" | "end">): string => textOf(bytes, start, end)

const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
