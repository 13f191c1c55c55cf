/** Characters of one line; more is no line of ours. */
const LONGEST_LINE = 64 * 1024

/** The lines of a text in UTF-8, which end with a line feed and with nothing else. */
export async function* linesOf(
  bytes: AsyncIterable<Uint8Array>
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of bytes) {
    const whole = (rest + decoder.decode(chunk, { stream: true })).split("\n")
    rest = whole.pop() ?? ""
    if (rest.length > LONGEST_LINE) throw new Error("a line without an end")
    yield* whole
  }
}
