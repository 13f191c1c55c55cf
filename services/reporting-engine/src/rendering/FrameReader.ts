/** Bytes of the line that begins a message. */
const MOST_HEAD = 16 * 1024

export interface Frame<Head> {
  readonly head: Head
  readonly bytes: Uint8Array
}

/**
 * Puts messages together, however they come in pieces: each is a line that says how many
 * bytes follow it, and these. Nothing comes before what is read was answered.
 */
export class FrameReader<Head extends { readonly bytes: number }> {
  readonly #decode: (line: string) => Head
  #line = new Uint8Array(0)
  #open: Frame<Head> | undefined
  #held = 0

  /** @param decode throws when it is no line that begins a message */
  constructor(decode: (line: string) => Head) {
    this.#decode = decode
  }

  /**
   * The message that ends with these bytes; undefined when more must come. Throws when they
   * are something else.
   */
  read(chunk: Uint8Array): Frame<Head> | undefined {
    let rest = chunk
    if (this.#open === undefined) {
      const end = rest.indexOf(10)
      const line = Buffer.concat([this.#line, end < 0 ? rest : rest.subarray(0, end)])
      if (line.byteLength > MOST_HEAD) throw new Error("a line is too long")
      this.#line = end < 0 ? line : new Uint8Array(0)
      if (end < 0) return undefined
      rest = rest.subarray(end + 1)
      const head = this.#decode(line.toString())
      this.#open = { head, bytes: new Uint8Array(head.bytes) }
      this.#held = 0
    }
    const frame = this.#open
    const { bytes } = frame
    if (this.#held + rest.byteLength > bytes.byteLength)
      throw new Error("bytes follow a message")
    bytes.set(rest, this.#held)
    this.#held += rest.byteLength
    if (this.#held < bytes.byteLength) return undefined
    this.#open = undefined
    return frame
  }
}

/** A message as it is read. */
export const framed = <Head extends object>(
  head: Head,
  bytes: Uint8Array
): ReadonlyArray<Uint8Array> => [
  new TextEncoder().encode(`${JSON.stringify({ ...head, bytes: bytes.byteLength })}\n`),
  bytes
]
