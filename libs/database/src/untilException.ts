import { parseError } from "@clickhouse/client"

const HEADER = "x-clickhouse-exception-tag"

/** An error's text is some KiB at most. */
const MOST_ERROR_BYTES = 64 * 1024

/**
 * The bytes of an answer, and then the error if the server gave up in the midst of it: it
 * says so at the end of the body, after a mark that its headers announce.
 *
 * @throws what `parseError` makes of the server's text.
 */
export async function* untilException(
  chunks: AsyncIterable<Uint8Array>,
  headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
): AsyncGenerator<Uint8Array, void> {
  const tag = headers[HEADER]
  if (typeof tag !== "string") {
    yield* chunks
    return
  }
  const mark = Buffer.from(`\r\n__exception__\r\n${tag}\r\n`)
  /** What may be the beginning of the mark. */
  let held = Buffer.alloc(0)
  let error: Buffer | undefined
  for await (const chunk of chunks) {
    if (error !== undefined) {
      if (error.length < MOST_ERROR_BYTES) error = Buffer.concat([error, chunk])
      continue
    }
    const bytes = Buffer.concat([held, chunk])
    const at = bytes.indexOf(mark)
    const end = at === -1 ? Math.max(0, bytes.length - mark.length + 1) : at
    if (end > 0) yield bytes.subarray(0, end)
    held = bytes.subarray(end)
    if (at !== -1) error = bytes.subarray(at + mark.length)
  }
  if (error !== undefined) throw parseError(error.toString("utf8"))
  if (held.length > 0) yield held
}
