import { pipeline, Readable } from "node:stream"
import { createGunzip } from "node:zlib"
import type { Progress } from "@analytics/data-processing/import/batches"
import { textReader } from "@analytics/data-processing/import/formats"
import {
  ParquetUnreadable,
  parquet,
  parquetMetadata
} from "@analytics/data-processing/readers/parquet"
import type { Bytes, Rows } from "@analytics/data-processing/readers/Row"
import type { FoundFile } from "./FoundFile.ts"
import type { ImportPayload } from "./ImportPayload.ts"
import type { OpenFile } from "./sources/OpenFile.ts"

/** How much of a file was read, as it is stored: bytes, or rows of Parquet. */
export interface Meter {
  readonly unit: "bytes" | "rows"
  done: number
  total: number
}

const gzip = "1f8b"
const parquetMagic = Buffer.from("PAR1").toString("hex")
const unpackedAtOnce = 256 * 1024

/** The rows of a file after `after`. Reading throws what `failureOf` understands. */
export async function* rowsOf(
  { magic }: FoundFile,
  file: OpenFile,
  payload: ImportPayload,
  after: Progress,
  meter: Meter
): AsyncGenerator<Rows> {
  if (payload.format === "parquet") {
    const source = { byteLength: file.bytes, slice: partOf(file) }
    const metadata = await parquetMetadata(source)
    meter.total = Number(metadata.num_rows)
    for await (const rows of parquet(source, metadata, after.lastRow)) {
      yield rows
      meter.done = rows.rows.at(-1)?.number ?? meter.done
    }
    return
  }
  if (magic === parquetMagic)
    throw new ParquetUnreadable("say `parquet` as its format; this job says another")
  const { from } = after
  const isPacked = magic.startsWith(gzip)
  const start = isPacked ? 0 : from.byte
  meter.done = start
  const bytes = counted(file.read(start), meter)
  yield* textReader(payload.format, payload)(
    isPacked ? behind(unpacked(bytes), from.byte) : bytes,
    from
  )
}

const partOf =
  (file: OpenFile) =>
  (start: number, end = file.bytes) =>
    file.slice(start, end)

async function* counted(bytes: Bytes, meter: Meter): Bytes {
  for await (const chunk of bytes) {
    meter.done += chunk.length
    yield chunk
  }
}

const unpacked = (bytes: Bytes): Bytes => {
  const gunzip = createGunzip({ chunkSize: unpackedAtOnce })
  // Who reads from `gunzip` is told of every error, those of `bytes` too.
  pipeline(Readable.from(bytes), gunzip, () => {})
  return gunzip
}

/** Without the first `skip` bytes. */
async function* behind(bytes: Bytes, skip: number): Bytes {
  let left = skip
  for await (const chunk of bytes) {
    if (left < chunk.length) yield left > 0 ? chunk.subarray(left) : chunk
    left = Math.max(0, left - chunk.length)
  }
}
