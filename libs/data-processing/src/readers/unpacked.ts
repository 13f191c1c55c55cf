import { pipeline, Readable } from "node:stream"
import { createGunzip, createInflateRaw } from "node:zlib"
import type { Bytes } from "./Row.ts"

/** The first bytes of files by which their kind is told, as hex. */
export const magics = {
  gzip: "1f8b",
  zip: "504b0304",
  emptyZip: "504b0506",
  parquet: "50415231"
} as const

const chunkSize = 256 * 1024

/** What gzip packed; several packed files behind each other are one. */
export const gunzipped = (bytes: Bytes): Bytes => {
  const gunzip = createGunzip({ chunkSize })
  // Who reads from it is told of every error, those of `bytes` too.
  pipeline(Readable.from(bytes), gunzip, () => {})
  return gunzip
}

/** What deflate packed, without a header. */
export const inflated = (bytes: Bytes): Bytes => {
  const inflate = createInflateRaw({ chunkSize })
  pipeline(Readable.from(bytes), inflate, () => {})
  return inflate
}

/** Without the first `skip` bytes. */
export async function* behind(bytes: Bytes, skip: number): Bytes {
  let left = skip
  for await (const chunk of bytes) {
    if (left < chunk.length) yield left > 0 ? chunk.subarray(left) : chunk
    left = Math.max(0, left - chunk.length)
  }
}

/** The first bytes, as hex, up to four; and all of them again. */
export const peeked = async (bytes: Bytes): Promise<readonly [string, Bytes]> => {
  const iterator = bytes[Symbol.asyncIterator]()
  const parts: Array<Uint8Array> = []
  let length = 0
  while (length < 4) {
    const { done, value } = await iterator.next()
    if (done === true) break
    parts.push(value)
    length += value.length
  }
  const magic = Buffer.concat(parts).subarray(0, 4).toString("hex")
  const all = (async function* (): Bytes {
    try {
      yield* parts
      for (;;) {
        const { done, value } = await iterator.next()
        if (done === true) return
        yield value
      }
    } finally {
      await iterator.return?.()
    }
  })()
  return [magic, all]
}
