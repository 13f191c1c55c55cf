import { Effect, Predicate } from "effect"
import type { Column, ColumnType } from "./columnTypes.ts"
import type { TableRow } from "./tabular.ts"
import type { TableFormat, TableWriter } from "./textTable.ts"

/** What ends a stream: a continuation marker, and a message of no bytes. */
const END = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])

/**
 * An Arrow IPC stream: one schema, then a record batch for each page. Numbers are Float64,
 * booleans Bool, text Utf8; everything else is JSON text, which the canonical extension
 * type `arrow.json` says.
 */
export const arrow: TableFormat = {
  contentType: "application/vnd.apache.arrow.stream",
  open: (columns) => Effect.promise(() => writerOf(columns))
}

const writerOf = async (columns: ReadonlyArray<Column>): Promise<TableWriter> => {
  // Few clients ask for it, so nobody waits for the library at the start.
  const { Bool, Field, Float64, makeData, RecordBatch, ...lib } = await import(
    "apache-arrow"
  )
  const { RecordBatchStreamWriter, Schema, Struct, Utf8, vectorFromArray } = lib
  const json = new Map([
    ["ARROW:extension:name", "arrow.json"],
    ["ARROW:extension:metadata", ""]
  ])
  const typed = columns.map(({ name, type }) => ({
    name,
    cell: cellOf[type],
    field: new Field(
      name,
      type === "number" ? new Float64() : type === "boolean" ? new Bool() : new Utf8(),
      true,
      type === "json" ? json : undefined
    )
  }))
  const fields = typed.map(({ field }) => field)
  const schema = new Schema(fields)

  const batchOf = (rows: ReadonlyArray<TableRow>) =>
    new RecordBatch(
      schema,
      makeData({
        type: new Struct(fields),
        length: rows.length,
        nullCount: 0,
        children: typed.flatMap(({ cell, field, name }) => {
          const values = rows.map((row) => cell(row[name] ?? null))
          return vectorFromArray(values, field.type).data
        })
      })
    )

  /** A whole stream without its end. */
  const streamOf = (...pages: ReadonlyArray<ReadonlyArray<TableRow>>): Uint8Array => {
    const writer = new RecordBatchStreamWriter()
    writer.reset(undefined, schema)
    for (const rows of pages) writer.write(batchOf(rows))
    return writer.finish().toUint8Array(true).subarray(0, -END.length)
  }

  const head = streamOf()
  return {
    head,
    // The batch alone: every stream of this schema begins with the same bytes.
    body: (rows) => streamOf(rows).subarray(head.length),
    tail: END
  }
}

const cellOf: Readonly<Record<ColumnType, (value: unknown) => unknown>> = {
  number: (value) => checked(value, Predicate.isNumber),
  boolean: (value) => checked(value, Predicate.isBoolean),
  string: (value) => checked(value, Predicate.isString),
  json: (value) => (value === null ? null : JSON.stringify(value))
}

/** A value of another type is a defect: an empty cell would hide it. */
const checked = (value: unknown, fits: (value: unknown) => boolean): unknown => {
  if (value === null || fits(value)) return value
  throw new TypeError(`a column does not hold ${typeof value} values`)
}
