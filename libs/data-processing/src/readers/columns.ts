import { lines } from "./lines.ts"
import { type Bytes, type Row, row, type UnreadableRow, unreadable } from "./Row.ts"

/** How a file with columns between blanks is written. */
export interface ColumnsOptions {
  /** Names of the columns; else those of the first line. */
  readonly columns?: ReadonlyArray<string>
  readonly skipLines?: number
}

/** Values between runs of blanks or tabs, as statistics programs write them. */
export async function* columns(
  bytes: Bytes,
  options: ColumnsOptions
): AsyncGenerator<Row | UnreadableRow> {
  let names = options.columns
  let skip = options.skipLines ?? 0
  let number = 0
  for await (const line of lines(bytes)) {
    if (skip-- > 0) continue
    const values = line.trim().split(/\s+/)
    if (values[0] === "" || values[0] === undefined) continue
    if (names === undefined) {
      names = values
      continue
    }
    number++
    yield values.length === names.length
      ? row(number, Object.fromEntries(names.map((name, i) => [name, values[i]])))
      : unreadable(number, `${values.length} values for ${names.length} columns`)
  }
}
