import { gzipSync } from "node:zlib"
import { Stream } from "effect"

/** In bytes: what is packed at once. */
const BLOCK = 1024 * 1024

interface Held {
  readonly chunks: ReadonlyArray<Uint8Array>
  readonly bytes: number
}
const nothing: Held = { chunks: [], bytes: 0 }

const packed = ({ chunks }: Held) => gzipSync(Buffer.concat(chunks))

/** Packed block by block: a file of several members, which every reader of gzip knows. */
export const gzipped = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>
): Stream.Stream<Uint8Array, E, R> =>
  Stream.mapAccum(
    bytes,
    () => nothing,
    (held: Held, chunk): readonly [Held, ReadonlyArray<Uint8Array>] => {
      const all = {
        chunks: [...held.chunks, chunk],
        bytes: held.bytes + chunk.byteLength
      }
      return all.bytes < BLOCK ? [all, []] : [nothing, [packed(all)]]
    },
    { onHalt: (held) => [packed(held)] }
  )
