import { pipeline, Readable } from "node:stream"
import { type CsvError, parse } from "csv-parse"
import {
  type Bytes,
  beginning,
  type Position,
  type Row,
  type Rows,
  row,
  type UnreadableRow,
  unreadable
} from "./Row.ts"

/** How a CSV file is written. */
export interface CsvOptions {
  readonly delimiter: string
  /** Names of the columns, for a file that has no line of names. */
  readonly columns?: ReadonlyArray<string> | undefined
  /** Lines to leave out before the names or the data. */
  readonly skipLines?: number | undefined
  /** Refuses a file in which two columns have the same name; else the last one counts. */
  readonly areNamesUnique?: boolean | undefined
}

/** A row larger than this is a quote that nobody closed, in bytes. */
const maxRecordSize = 4 * 1024 * 1024

/** Rows given at a time. */
const blockSize = 500

/** Characters of the rows that are given at a time, when these are long. */
const mostAtOnce = 4 * 1024 * 1024

/** Each row has a value for each of them. */
const MOST_COLUMNS = 10_000

/**
 * CSV with quotes, escaped quotes and line breaks inside of values; a BOM is skipped. Only
 * from its beginning can be told whether a line is inside of quotes, so it is always read
 * from there.
 *
 * @param from rows before the file, if it is one of several
 */
export async function* csv(
  bytes: Bytes,
  options: CsvOptions,
  { row: before }: Position = beginning
): AsyncGenerator<Rows> {
  const from = { byte: 0, row: before }
  const refused: Array<UnreadableRow> = []
  // Counted by the parser, which is ahead of whoever reads.
  let count = before
  const parser = parse({
    delimiter: options.delimiter,
    columns:
      options.columns === undefined
        ? (names: ReadonlyArray<string>) => checked(names, options)
        : [...options.columns],
    from_line: 1 + (options.skipLines ?? 0),
    bom: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: maxRecordSize,
    on_record: (record: Row["fields"]) => row(++count, record),
    on_skip: (error: CsvError | undefined) => {
      // The parser would say so again for each byte that follows.
      if (error?.code === "CSV_MAX_RECORD_SIZE")
        throw new Error(
          `row ${count + 1} is longer than 4 MiB: is a quote in it never closed?`
        )
      refused.push(unreadable(++count, reasonOf(error)))
      return undefined
    }
  })
  let rows: Array<Row | UnreadableRow> = []
  let size = 0
  // Who reads from `parser` is told of every error, those of `bytes` too.
  pipeline(Readable.from(bytes), parser, () => {})
  const records: AsyncIterable<Row> = parser
  for await (const record of records) {
    while (refused[0] !== undefined && refused[0].number < record.number)
      rows.push(...refused.splice(0, 1))
    rows.push(record)
    for (const name in record.fields) size += lengthOf(record.fields[name])
    if (rows.length < blockSize && size < mostAtOnce) continue
    yield { from, rows }
    rows = []
    size = 0
  }
  yield { from, rows: [...rows, ...refused] }
}

const lengthOf = (value: unknown): number =>
  typeof value === "string" ? value.length : 0

const checked = (
  names: ReadonlyArray<string>,
  { areNamesUnique }: CsvOptions
): Array<string> => {
  if (names.length > MOST_COLUMNS)
    throw new Error(`it has ${names.length} columns: at most ${MOST_COLUMNS} are read`)
  const twice =
    areNamesUnique === true &&
    names.find((name, index) => name !== "" && names.indexOf(name) < index)
  if (typeof twice === "string")
    throw new Error(
      `two columns are called ${twice.slice(0, 200)}: give one another name`
    )
  return [...names]
}

const reasonOf = (error: CsvError | undefined): string => {
  if (error?.code === "CSV_RECORD_INCONSISTENT_COLUMNS")
    return "more or fewer values than columns"
  return error === undefined ? "not valid CSV" : `not valid CSV (${error.code})`
}
