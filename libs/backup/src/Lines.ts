const NEWLINE = 10

/** How many lines went by, and the sum of their hashes modulo 2^64. */
export interface Tally {
  rows: number
  digest: bigint
}

export const emptyTally = (): Tally => ({ rows: 0, digest: 0n })

export const digestText = ({ digest }: Tally): string =>
  digest.toString(16).padStart(16, "0")

/**
 * Passes bytes on unchanged and counts their lines. Both stores escape a newline inside a
 * value, so that a line is a row.
 */
export async function* tallied(
  lines: AsyncIterable<Uint8Array>,
  tally: Tally
): AsyncGenerator<Uint8Array> {
  for await (const block of wholeLines(lines, 1)) {
    let start = 0
    while (start < block.length) {
      const newline = block.indexOf(NEWLINE, start)
      const end = newline === -1 ? block.length : newline
      tally.rows++
      tally.digest = BigInt.asUintN(
        64,
        tally.digest + BigInt(Bun.hash(block.subarray(start, end)))
      )
      start = end + 1
    }
    yield block
  }
}

/** Whole lines together, up to about `size` bytes and one line. */
export async function* wholeLines(
  stream: AsyncIterable<Uint8Array>,
  size: number
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let held: Array<Uint8Array> = []
  let bytes = 0
  for await (const chunk of stream) {
    held.push(chunk)
    bytes += chunk.length
    if (bytes < size || !chunk.includes(NEWLINE)) continue
    const all = Buffer.concat(held)
    const end = all.lastIndexOf(NEWLINE) + 1
    yield Uint8Array.from(all.subarray(0, end))
    held = [all.subarray(end)]
    bytes = all.length - end
  }
  if (bytes > 0) yield Uint8Array.from(Buffer.concat(held))
}
