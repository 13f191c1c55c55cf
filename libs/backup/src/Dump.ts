import { pipeline, Readable } from "node:stream"
import { createZstdCompress, createZstdDecompress } from "node:zlib"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Stream } from "effect"
import { BackupUnavailable, reasonOf } from "./BackupError.ts"
import { digestText, emptyTally, tallied } from "./Lines.ts"
import type { DumpedObject } from "./Manifest.ts"

/** Of a dump, what its lines do not tell. */
export type Dumped = Omit<DumpedObject, "bytes" | "sha256" | "rows" | "digest">

/** Compresses lines into the object store, and counts them on the way. */
export const dump = Effect.fn("Backup.dump")(function* (
  of: Dumped,
  lines: AsyncIterable<Uint8Array>
): Effect.fn.Return<DumpedObject, BackupUnavailable, ObjectStore> {
  const store = yield* ObjectStore
  const tally = emptyTally()
  const { bytes, sha256 } = yield* store
    .put(
      of.key,
      Stream.fromAsyncIterable(
        through(tallied(lines, tally), createZstdCompress()),
        (cause) => new BackupUnavailable({ what: of.store, detail: reasonOf(cause) })
      )
    )
    .pipe(
      Effect.catchTags({
        ObjectStoreUnavailable: ({ detail }) => objectStoreAway(detail),
        ObjectTooLarge: Effect.die
      })
    )
  return { ...of, bytes, sha256, rows: tally.rows, digest: digestText(tally) }
})

/** The lines of an object. */
export const linesOf = Effect.fnUntraced(function* (
  key: string
): Effect.fn.Return<AsyncIterable<Uint8Array>, never, ObjectStore> {
  const store = yield* ObjectStore
  const compressed = yield* Stream.toAsyncIterableEffect(store.get(key))
  return through(compressed, createZstdDecompress())
})

/** An error of either side is one of what comes out. */
const through = (
  bytes: AsyncIterable<Uint8Array>,
  codec: NodeJS.ReadWriteStream & AsyncIterable<unknown>
): AsyncIterable<Uint8Array> =>
  buffers(pipeline(Readable.from(bytes), codec, () => undefined))

async function* buffers(chunks: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) if (chunk instanceof Uint8Array) yield chunk
}

export const objectStoreAway = (detail: string) =>
  new BackupUnavailable({ what: "the object store", detail })
