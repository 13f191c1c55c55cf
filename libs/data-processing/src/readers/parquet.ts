import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  type RowGroup
} from "hyparquet"
import { compressors } from "hyparquet-compressors"
import { integer, parse } from "../ExactJson.ts"
import { beginning, type Row, type Rows, row } from "./Row.ts"

/** Any part of a file; it is asked for at most 128 MiB at a time. */
export type ParquetFile = AsyncBuffer

/** What a file may make us hold at once, in bytes. */
const mostAtOnce = 128 * 1024 * 1024
const mostRowsAtOnce = 20_000
const mostRowsOfGroup = 2_000_000
/** Of the rows that are given at a time, before they are decoded. */
const sliceBytes = 16 * 1024 * 1024

/** The file is not Parquet, or not such as is read here; the message says which. */
export class ParquetUnreadable extends Error {}

/** Sizes that a file names are not believed before memory is given to them. */
const bounded = Object.fromEntries(
  Object.entries(compressors).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, size: number) => {
      if (size > mostAtOnce)
        throw new ParquetUnreadable(`a page of ${size} bytes is too large to be read`)
      return decompress(input, size)
    }
  ])
)

const checked = ({ byteLength, slice }: ParquetFile): ParquetFile => ({
  byteLength,
  slice: (start, end = byteLength) => {
    if (!(start >= 0 && end >= start && end <= byteLength))
      throw new ParquetUnreadable("it points outside of itself: it is damaged")
    if (end - start > mostAtOnce)
      throw new ParquetUnreadable(
        `${end - start} bytes belong together: write it with smaller row groups`
      )
    return slice(start, end)
  }
})

const decoder = new TextDecoder()
const parsers = {
  // An integer keeps all its digits, as it does in a file of JSON.
  jsonFromBytes: (bytes: Uint8Array): unknown => parse(decoder.decode(bytes))
}

/** The file's own account of itself: how many rows it has, and how they are laid out. */
export const parquetMetadata = (file: ParquetFile): Promise<FileMetaData> =>
  asUnreadable(parquetMetadataAsync(checked(file), { parsers, geoparquet: false }))

/**
 * The rows of a Parquet file after the first `after`, a few at a time where the file says
 * where its pages are, else row group by row group. Instants are ISO 8601, integers keep
 * all their digits.
 */
export async function* parquet(
  file: ParquetFile,
  metadata: FileMetaData,
  after: number
): AsyncGenerator<Rows> {
  const source = checked(file)
  let start = 0
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows)
    const step = rowsAtOnce(group)
    // Slices lie where they would without `after`, so that each is read alike.
    const skipped = Math.max(0, Math.floor((after - start) / step)) * step
    for (let from = start + skipped; from < end; from += step) {
      const objects = await asUnreadable(
        parquetReadObjects({
          file: source,
          metadata,
          rowStart: from,
          rowEnd: Math.min(from + step, end),
          compressors: bounded,
          parsers,
          geoparquet: false,
          useOffsetIndex: true
        })
      )
      const rows: Array<Row> = objects.map((fields, index) =>
        row(from + index + 1, fieldsOf(fields))
      )
      yield { from: beginning, rows }
    }
    start = end
  }
}

const rowsAtOnce = ({ columns, num_rows, total_byte_size }: RowGroup): number => {
  const rows = Math.max(1, Number(num_rows))
  if (columns.some((column) => column.offset_index_offset === undefined)) {
    if (Number(total_byte_size) > mostAtOnce || rows > mostRowsOfGroup)
      throw new ParquetUnreadable(
        `a row group has ${rows} rows and ${total_byte_size} bytes: write it with smaller ones (at most ${mostRowsOfGroup} rows, ${mostAtOnce} bytes) or with a page index`
      )
    return rows
  }
  const perRow = Math.max(1, Number(total_byte_size) / rows)
  return Math.min(mostRowsAtOnce, Math.max(1, Math.floor(sliceBytes / perRow)))
}

const fieldsOf = (values: Readonly<Record<string, unknown>>): Row["fields"] => {
  const fields: Record<string, unknown> = {}
  for (const name in values) fields[name] = jsonOf(values[name])
  return fields
}

/** A value as JSON has it. How deep it nests is said by the schema of the file. */
const jsonOf = (value: unknown): unknown => {
  if (typeof value === "bigint") return integer(value)
  if (typeof value !== "object" || value === null) return value
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex")
  if (Array.isArray(value)) return value.map(jsonOf)
  return isPlain(value) ? fieldsOf(value) : value
}

/** Not a number that was kept as text. */
const isPlain = (value: object): value is Readonly<Record<string, unknown>> =>
  Object.getPrototypeOf(value) === Object.prototype

const asUnreadable = async <A>(reading: Promise<A>): Promise<A> => {
  try {
    return await reading
  } catch (error) {
    if (!(error instanceof Error) || !isOfParser(error)) throw error
    throw new ParquetUnreadable(error.message.replace(/^parquet /u, ""))
  }
}

/** What the parser throws of damaged files, as against a store that does not answer. */
const isOfParser = (error: Error): boolean =>
  (error.constructor === Error && !("code" in error)) ||
  error instanceof RangeError ||
  error instanceof TypeError ||
  error instanceof SyntaxError
