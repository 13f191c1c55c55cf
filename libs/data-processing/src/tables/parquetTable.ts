import { Effect } from "effect"
import type { Column } from "./columnTypes.ts"
import type { TableRow } from "./tabular.ts"
import type { TableFormat, TableWriter } from "./textTable.ts"

const nothing = new Uint8Array()
const types = {
  number: "DOUBLE",
  boolean: "BOOLEAN",
  string: "STRING",
  json: "JSON"
} as const

/**
 * A Parquet file: columns are typed as those of `arrow` are. The rows are held until the
 * tail is asked for, which is all of the file.
 */
export const parquet: TableFormat = {
  contentType: "application/vnd.apache.parquet",
  open: (columns) => Effect.promise(() => writerOf(columns))
}

const writerOf = async (columns: ReadonlyArray<Column>): Promise<TableWriter> => {
  const { parquetWriteBuffer } = await import("hyparquet-writer")
  const held: Array<TableRow> = []
  return {
    head: nothing,
    body: (rows) => {
      held.push(...rows)
      return nothing
    },
    get tail() {
      return new Uint8Array(
        parquetWriteBuffer({
          columnData: columns.map(({ name, type }) => ({
            name,
            type: types[type],
            data: held.map((row) => row[name] ?? null)
          })),
          rowGroupSize: 100_000
        })
      )
    }
  }
}
