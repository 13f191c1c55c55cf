import type { Progress } from "@analytics/data-processing/import/batches"
import { textReader } from "@analytics/data-processing/import/formats"
import {
  ParquetUnreadable,
  parquet,
  parquetMetadata
} from "@analytics/data-processing/readers/parquet"
import type { RandomAccess } from "@analytics/data-processing/readers/RandomAccess"
import type { Bytes, Rows } from "@analytics/data-processing/readers/Row"
import { behind, gunzipped, magics } from "@analytics/data-processing/readers/unpacked"
import { ArchiveUnreadable } from "@analytics/data-processing/readers/zip"
import { zipRows } from "@analytics/data-processing/readers/zipRows"
import { globOf } from "@analytics/data-processing/settings/Glob"
import type { FoundFile } from "./FoundFile.ts"
import type { ImportPayload } from "./ImportPayload.ts"

/** How much of a file was read, as it is stored: bytes, or rows of Parquet. */
export interface Meter {
  readonly unit: "bytes" | "rows"
  done: number
  total: number
}

/** The rows of a file after `after`. Reading throws what `failureOf` understands. */
export async function* rowsOf(
  { magic }: FoundFile,
  file: RandomAccess,
  payload: ImportPayload,
  after: Progress,
  meter: Meter
): AsyncGenerator<Rows> {
  const isZip = magic === magics.zip || magic === magics.emptyZip
  if (payload.members !== undefined && (!isZip || payload.format === "parquet"))
    throw new ArchiveUnreadable(
      "this file is none whose files could be chosen: leave `members` out"
    )
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
  if (magic === magics.parquet)
    throw new ParquetUnreadable("say `parquet` as its format; this job says another")
  const { from } = after
  const reader = textReader(payload.format, payload)
  if (isZip) {
    yield* zipRows(file, reader, from, {
      isWanted: payload.members === undefined ? undefined : globOf(payload.members),
      onBytes: (done) => {
        meter.done = done
      }
    })
    return
  }
  const isPacked = magic.startsWith(magics.gzip)
  const start = isPacked ? 0 : from.byte
  meter.done = start
  const bytes = counted(file.read(start), meter)
  yield* reader(isPacked ? behind(gunzipped(bytes), from.byte) : bytes, from)
}

const partOf =
  (file: RandomAccess) =>
  (start: number, end = file.bytes) =>
    file.slice(start, end)

async function* counted(bytes: Bytes, meter: Meter): Bytes {
  for await (const chunk of bytes) {
    meter.done += chunk.length
    yield chunk
  }
}
