/** One row of a file: its number counted from 1 among the data rows, and its fields. */
export interface Row {
  readonly _tag: "Row"
  readonly number: number
  readonly fields: Readonly<Record<string, unknown>>
}

/** A row that cannot be read, with the reason and what it looks like. */
export interface UnreadableRow {
  readonly _tag: "UnreadableRow"
  readonly number: number
  readonly reason: string
}

/** A file as it comes from disk or the network. */
export type Bytes = AsyncIterable<Uint8Array>

export const unreadable = (number: number, reason: string): UnreadableRow => ({
  _tag: "UnreadableRow",
  number,
  reason
})

export const row = (number: number, fields: Row["fields"]): Row => ({
  _tag: "Row",
  number,
  fields
})
