/** One row of a file: its number counted from 1 among the data rows, and its fields. */
export interface Row {
  readonly _tag: "Row"
  readonly number: number
  /** What tells it apart in the file where its number depends on what else is read. */
  readonly place?: string
  readonly fields: Readonly<Record<string, unknown>>
  /** The fields as they are written, if that is one JSON object. */
  readonly json?: string
}

/** A row that cannot be read, and the reason: a few words that many rows may share. */
export interface UnreadableRow {
  readonly _tag: "UnreadableRow"
  readonly number: number
  readonly reason: string
}

/** A file as it comes from disk or the network. */
export type Bytes = AsyncIterable<Uint8Array>

/**
 * A place between two rows: bytes of the unpacked file before it, and rows before it. Of an
 * archive, bytes of the file at `member` among those that are read, in front of which
 * there are `before` rows.
 */
export interface Position {
  readonly byte: number
  readonly row: number
  readonly member?: number
  readonly before?: number
}

export const beginning: Position = { byte: 0, row: 0 }

/** Consecutive rows, and a place from which reading on would give them again. */
export interface Rows {
  readonly from: Position
  readonly rows: ReadonlyArray<Row | UnreadableRow>
}

/** Reads rows in blocks. `bytes` begin at `from`, of which a reader tells in `Rows`. */
export type Reader = (bytes: Bytes, from: Position) => AsyncIterable<Rows>

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
