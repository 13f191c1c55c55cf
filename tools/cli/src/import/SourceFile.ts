import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { open, stat } from "node:fs/promises"
import { Readable } from "node:stream"
import { createGunzip } from "node:zlib"
import { fileId } from "@analytics/data-processing/import/Mapped"
import { ofHandle } from "@analytics/data-processing/readers/RandomAccess"
import {
  type Bytes,
  beginning,
  type Reader,
  type Rows
} from "@analytics/data-processing/readers/Row"
import { zipRows } from "@analytics/data-processing/readers/zipRows"
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
  /** The rows of the file, or of the files in it if it is a zip, by `reader`. */
  readonly rows: (
    reader: Reader,
    onBytes: (count: number) => void,
    isWanted?: (name: string) => boolean
  ) => AsyncIterable<Rows>
}

async function* zipped(
  path: string,
  size: number,
  ...[reader, onBytes, isWanted]: Parameters<SourceFile["rows"]>
) {
  const file = await open(path)
  let before = 0
  try {
    yield* zipRows(ofHandle(file, size), reader, beginning, {
      isWanted,
      onBytes: (done) => {
        onBytes(done - before)
        before = done
      }
    })
  } finally {
    await file.close()
  }
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
  const read: SourceFile["read"] = (onBytes) => {
    const file = Readable.from(counted(createReadStream(path), onBytes))
    return path.endsWith(".gz") ? file.pipe(createGunzip()) : file
  }
  const source: SourceFile = {
    path,
    fingerprint: fileId(digest),
    size: info.size,
    read,
    rows: (reader, onBytes, isWanted) =>
      path.endsWith(".zip")
        ? zipped(path, info.size, reader, onBytes, isWanted)
        : reader(read(onBytes), beginning)
  }
  return source
})
