import type { Bytes } from "./Row.ts"

/** A line longer than this is not data that anybody meant to send, in UTF-16 units. */
const maxLineLength = 4 * 1024 * 1024

/**
 * The lines of a file without their ends (`\n` or `\r\n`), empty ones included. A line
 * over 4 Mi characters is cut there, so that a file without line ends stays bounded.
 */
export async function* lines(bytes: Bytes): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of bytes) {
    rest += decoder.decode(chunk, { stream: true })
    let start = 0
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n", start)) {
      yield withoutReturn(rest.slice(start, end))
      start = end + 1
    }
    rest = rest.slice(start, start + maxLineLength)
  }
  rest += decoder.decode()
  if (rest !== "") yield withoutReturn(rest)
}

const withoutReturn = (line: string): string =>
  line.endsWith("\r") ? line.slice(0, -1) : line
