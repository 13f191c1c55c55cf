import type { FileHandle } from "node:fs/promises"
import type { Bytes } from "./Row.ts"

/** A file that can be read from any place, as often as wanted. Reading may throw. */
export interface RandomAccess {
  readonly bytes: number
  /** From byte `start` on, in chunks. */
  read(start: number): Bytes
  /** The bytes from `start` to `end`, without the last. */
  slice(start: number, end: number): Promise<ArrayBuffer>
}

/** The file is shorter than it said. */
export class FileCut extends Error {
  override readonly message = "the file is shorter than it was"
}

/** Bytes read at a time. */
const chunkSize = 512 * 1024

export const ofHandle = (file: FileHandle, bytes: number): RandomAccess => {
  const part = async (start: number, length: number): Promise<Uint8Array> => {
    const buffer = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await file.read(
        buffer,
        filled,
        length - filled,
        start + filled
      )
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  }
  return {
    bytes,
    read: async function* (start) {
      for (let at = start; ; ) {
        const chunk = await part(at, chunkSize)
        if (chunk.length > 0) yield chunk
        if (chunk.length < chunkSize) return
        at += chunk.length
      }
    },
    slice: async (start, end) => exactly(await part(start, end - start), end - start)
  }
}

/** The first `length` bytes, for themselves. */
export const exactly = (bytes: Uint8Array, length: number): ArrayBuffer => {
  if (bytes.length < length) throw new FileCut()
  const copy = new ArrayBuffer(length)
  new Uint8Array(copy).set(bytes.subarray(0, length))
  return copy
}
