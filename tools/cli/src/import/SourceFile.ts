import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import { Readable } from "node:stream"
import { createGunzip } from "node:zlib"
import { fileId } from "@analytics/data-processing/import/Mapped"
import type { Bytes } from "@analytics/data-processing/readers/Row"
import { Effect, Schema } from "effect"

export class FileUnreadable extends Schema.TaggedError<FileUnreadable>()(
  "FileUnreadable",
  { message: Schema.String }
) {}

/** A file to import. The fingerprint of its content makes ids that every run repeats. */
export interface SourceFile {
  readonly path: string
  readonly fingerprint: string
  readonly size: number
  /** Reads it from the start, unpacked when it is gzipped; counts the bytes read on disk. */
  readonly read: (onBytes: (count: number) => void) => Bytes
}

const hashOf = async (path: string): Promise<string> => {
  const hash = createHash("sha256")
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest("hex")
}

/** A `data` listener would set the stream flowing before anybody reads it. */
async function* counted(bytes: Bytes, onBytes: (count: number) => void) {
  for await (const chunk of bytes) {
    onBytes(chunk.length)
    yield chunk
  }
}

export const openSource = Effect.fn("SourceFile.openSource")(function* (path: string) {
  const [info, digest] = yield* Effect.tryPromise({
    try: () => Promise.all([stat(path), hashOf(path)]),
    catch: (error) =>
      new FileUnreadable({ message: `${path} cannot be read: ${String(error)}` })
  })
  const source: SourceFile = {
    path,
    fingerprint: fileId(digest),
    size: info.size,
    read: (onBytes) => {
      const file = Readable.from(counted(createReadStream(path), onBytes))
      return path.endsWith(".gz") ? file.pipe(createGunzip()) : file
    }
  }
  return source
})
