import { Readable } from "node:stream"
import { type CsvError, parse } from "csv-parse"
import { type Bytes, type Row, row, type UnreadableRow, unreadable } from "./Row.ts"

/** How a CSV file is written. */
export interface CsvOptions {
  readonly delimiter: string
  /** Names of the columns, for a file that has no line of names. */
  readonly columns?: ReadonlyArray<string>
  /** Lines to leave out before the names or the data. */
  readonly skipLines?: number
}

/** CSV with quotes, escaped quotes and line breaks inside of values; a BOM is skipped. */
export async function* csv(
  bytes: Bytes,
  options: CsvOptions
): AsyncGenerator<Row | UnreadableRow> {
  const refused: Array<UnreadableRow> = []
  let failures = 0
  const parser = parse({
    delimiter: options.delimiter,
    columns: options.columns === undefined ? true : [...options.columns],
    from_line: 1 + (options.skipLines ?? 0),
    bom: true,
    info: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error: CsvError | undefined) => {
      failures++
      refused.push(unreadable(number + failures, error?.message ?? "not valid CSV"))
      return undefined
    }
  })
  let number = 0
  for await (const { record } of Readable.from(bytes).compose(parser) as AsyncIterable<{
    readonly record: Row["fields"]
  }>) {
    yield row(++number + failures, record)
    yield* refused.splice(0)
  }
  yield* refused
}
