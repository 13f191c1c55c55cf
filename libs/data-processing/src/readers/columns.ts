import { isBlank, lineBlocks } from "./lines.ts"
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

/** How a file with columns between blanks is written. */
export interface ColumnsOptions {
  /** Names of the columns; else those of the first line. */
  readonly columns?: ReadonlyArray<string> | undefined
  readonly skipLines?: number | undefined
}

/**
 * Values between runs of blanks or tabs, as statistics programs write them. The names may
 * be in the first line, so it is always read from there.
 *
 * @param from rows before the file, if it is one of several
 */
export async function* columns(
  bytes: Bytes,
  options: ColumnsOptions,
  { row: before }: Position = beginning
): AsyncGenerator<Rows> {
  let names = options.columns
  let skip = options.skipLines ?? 0
  let number = before
  for await (const { lines } of lineBlocks(bytes, 0)) {
    const rows: Array<Row | UnreadableRow> = []
    for (const line of lines) {
      if (skip-- > 0 || isBlank(line)) continue
      const values = line.trim().split(/\s+/)
      if (names === undefined) {
        names = values
        continue
      }
      number++
      rows.push(
        values.length === names.length
          ? row(number, Object.fromEntries(names.map((name, i) => [name, values[i]])))
          : unreadable(number, `${values.length} values for ${names.length} columns`)
      )
    }
    yield { from: { byte: 0, row: before }, rows }
  }
}
