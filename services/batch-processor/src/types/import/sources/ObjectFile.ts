import {
  exactly,
  type RandomAccess
} from "@analytics/data-processing/readers/RandomAccess"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import {
  ObjectNotFound,
  ObjectStoreUnavailable
} from "@analytics/object-store/ObjectStore"
import { Stream } from "effect"

export const ofObject = (
  store: ObjectStore["Service"],
  key: string,
  bytes: number
): RandomAccess => {
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

/** Whether a store, and not the file, is why reading ended. */
export const isAway = (error: unknown): error is ObjectStoreUnavailable =>
  error instanceof ObjectStoreUnavailable

export const isGone = (error: unknown): boolean => error instanceof ObjectNotFound
