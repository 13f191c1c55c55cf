import type { FileHandle } from "node:fs/promises"
import type { Bytes } from "@analytics/data-processing/readers/Row"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import {
  ObjectNotFound,
  ObjectStoreUnavailable
} from "@analytics/object-store/ObjectStore"
import { Stream } from "effect"

/** A file that can be read from any place, as often as wanted. Reading may throw. */
export interface OpenFile {
  readonly bytes: number
  /** From byte `start` on, in chunks. */
  read(start: number): Bytes
  /** The bytes from `start` to `end`, without the last. */
  slice(start: number, end: number): Promise<ArrayBuffer>
}

/** Bytes read at a time. */
const chunkSize = 512 * 1024

export const ofHandle = (file: FileHandle, bytes: number): OpenFile => {
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

export const ofObject = (
  store: ObjectStore["Service"],
  key: string,
  bytes: number
): OpenFile => {
  const read = (offset: number) => Stream.toAsyncIterable(store.get(key, { offset }))
  return {
    bytes,
    read,
    slice: async (start, end) => {
      const parts: Array<Uint8Array> = []
      let length = 0
      for await (const chunk of read(start)) {
        parts.push(chunk)
        length += chunk.length
        if (length >= end - start) break
      }
      return exactly(Buffer.concat(parts), end - start)
    }
  }
}

const exactly = (bytes: Uint8Array, length: number): ArrayBuffer => {
  if (bytes.length < length) throw new FileCut()
  const copy = new ArrayBuffer(length)
  new Uint8Array(copy).set(bytes.subarray(0, length))
  return copy
}

/** The file is shorter than it said. */
export class FileCut extends Error {
  override readonly message = "the file is shorter than it was"
}

/** Whether a store, and not the file, is why reading ended. */
export const isAway = (error: unknown): error is ObjectStoreUnavailable =>
  error instanceof ObjectStoreUnavailable

export const isGone = (error: unknown): boolean => error instanceof ObjectNotFound
