import { createHash } from "node:crypto"
import { Effect } from "effect"
import { ObjectTooLarge, type Written } from "./ObjectStore.ts"

export interface Measured {
  readonly add: (chunk: Uint8Array) => Effect.Effect<void, ObjectTooLarge>
  /** To be asked once, at the end. */
  readonly written: Effect.Effect<Written>
}

/** Counts and hashes bytes on their way, and refuses more than `limit` of them. */
export const measured = (key: string, limit: number | undefined): Measured => {
  const hash = createHash("sha256")
  let bytes = 0
  return {
    add: (chunk) =>
      Effect.suspend(() => {
        bytes += chunk.byteLength
        if (limit !== undefined && bytes > limit)
          return Effect.fail(new ObjectTooLarge({ key, limit }))
        hash.update(chunk)
        return Effect.void
      }),
    written: Effect.sync(() => ({ bytes, sha256: hash.digest("hex") }))
  }
}
