import type { Bytes, Position, Row, Rows, UnreadableRow } from "./Row.ts"

/** A line longer than this is not data that anybody meant to send, in bytes. */
const maxLineLength = 4 * 1024 * 1024

const newline = 0x0a
const bom = "\uFEFF"
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/** Whole lines, and the place of the first of them in the file. */
export interface LineBlock {
  readonly byte: number
  readonly lines: ReadonlyArray<string>
}

/**
 * The lines of a file without their ends (`\n` or `\r\n`), empty ones included, as many at
 * a time as a chunk completes. A line over 4 MiB is cut near there, so that a file without
 * line ends stays bounded.
 *
 * @param from where `bytes` begin in the file
 */
export async function* lineBlocks(
  bytes: Bytes,
  from: number
): AsyncGenerator<LineBlock> {
  let byte = from
  let read = from
  let rest: Array<Uint8Array> = []
  let held = 0
  for await (const chunk of bytes) {
    const chunkAt = read
    read += chunk.length
    const end = chunk.lastIndexOf(newline)
    if (end < 0) {
      if (held <= maxLineLength) rest.push(chunk)
      held += chunk.length
      continue
    }
    if (held > maxLineLength) {
      yield { byte, lines: [textOf(rest)] }
      const next = chunk.indexOf(newline) + 1
      byte = chunkAt + next
      rest = []
      if (next <= end) yield { byte, lines: linesOf([chunk.subarray(next, end)], byte) }
    } else {
      rest.push(chunk.subarray(0, end))
      yield { byte, lines: linesOf(rest, byte) }
    }
    byte = chunkAt + end + 1
    const left = chunk.subarray(end + 1)
    rest = left.length > 0 ? [left] : []
    held = left.length
  }
  if (held > 0) yield { byte, lines: linesOf(rest, byte) }
}

const textOf = (parts: ReadonlyArray<Uint8Array>): string => {
  const [first, ...others] = parts
  return decoder.decode(
    others.length === 0 ? first : Buffer.concat(parts as Array<Uint8Array>)
  )
}

const linesOf = (parts: ReadonlyArray<Uint8Array>, byte: number): Array<string> => {
  const whole = textOf(parts)
  const text = byte === 0 && whole.startsWith(bom) ? whole.slice(1) : whole
  return text.includes("\r")
    ? text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line))
    : text.split("\n")
}

export const isBlank = (line: string): boolean =>
  line === "" || (line.charCodeAt(0) <= 0x20 && line.trim() === "")

/** A reader of files in which every line that is not blank is a row. */
export const rowPerLine = (
  read: (number: number, line: string) => Row | UnreadableRow
) =>
  async function* (bytes: Bytes, from: Position): AsyncGenerator<Rows> {
    let number = from.row
    for await (const { byte, lines } of lineBlocks(bytes, from.byte)) {
      const start = { byte, row: number }
      const rows: Array<Row | UnreadableRow> = []
      for (const line of lines) if (!isBlank(line)) rows.push(read(++number, line))
      yield { from: start, rows }
    }
  }
