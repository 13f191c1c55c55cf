import { beginning, type Position, type Rows } from "../readers/Row.ts"
import type { Mapped, ToEvent } from "./Mapped.ts"

/** A row that does not become an event. */
export interface SkippedRow {
  readonly number: number
  readonly reason: string
}

/** How far a file was read: the last row, and a place in front of the next one. */
export interface Progress {
  readonly lastRow: number
  readonly from: Position
}

export const unread: Progress = { lastRow: 0, from: beginning }

/** Events of consecutive rows, as one request takes them. */
export interface Batch extends Progress {
  /** Each event as JSON. */
  readonly events: ReadonlyArray<string>
  /** Row numbers of the events, in their order. */
  readonly rows: ReadonlyArray<number>
  readonly skipped: ReadonlyArray<SkippedRow>
}

/** What one request may hold. */
export interface BatchLimits {
  readonly maxEvents: number
  /** Of the whole body. */
  readonly maxBytes: number
}

/** The body of a request. */
export const bodyOf = (events: ReadonlyArray<string>): string =>
  `{"batch":[${events.join(",")}]}`

/** Bytes of a body beside its events and the commas after them. */
const envelope = 16

/** Characters of all events of a row, each of which may repeat most of it. */
const MOST_SPREAD = 16 * 1024 * 1024

/** `undefined` if they are too large together. */
const textsOf = (
  mapped: Exclude<Mapped, { readonly reason: string }>
): ReadonlyArray<string> | undefined => {
  if (mapped.json !== undefined) return [mapped.json]
  if (mapped.events === undefined) return [JSON.stringify(mapped.event)]
  const texts: Array<string> = []
  let length = 0
  for (const event of mapped.events) {
    const text = JSON.stringify(event)
    length += text.length
    if (length > MOST_SPREAD) return undefined
    texts.push(text)
  }
  return texts
}

/** Cuts rows into requests. `rows` are read from `after.from`; those before are left out. */
export async function* batches(
  rows: AsyncIterable<Rows>,
  toEvent: ToEvent,
  file: string,
  limits: BatchLimits,
  after: Progress = unread
): AsyncGenerator<Batch> {
  let events: Array<string> = []
  let numbers: Array<number> = []
  let skipped: Array<SkippedRow> = []
  let bytes = envelope
  let { from, lastRow } = after
  const take = (): Batch => {
    const batch = { events, rows: numbers, skipped, lastRow, from }
    events = []
    numbers = []
    skipped = []
    bytes = envelope
    return batch
  }
  for await (const block of rows) {
    from = block.from
    for (const row of block.rows) {
      if (row.number <= after.lastRow) continue
      const mapped = row._tag === "Row" ? toEvent(row, file) : row
      const texts = mapped.reason === undefined ? textsOf(mapped) : undefined
      if (texts === undefined) {
        const reason = mapped.reason ?? "the events of the row are too large together"
        skipped.push({ number: row.number, reason })
        lastRow = row.number
        // A file of nothing else must not collect in memory.
        if (skipped.length >= limits.maxEvents) yield take()
        continue
      }
      let length = 0
      for (const text of texts) length += Buffer.byteLength(text) + 1
      // All events of a row are in one batch, so that a batch ends between two rows.
      if (
        events.length > 0 &&
        (events.length + texts.length > limits.maxEvents ||
          bytes + length > limits.maxBytes)
      )
        yield take()
      for (const text of texts) {
        events.push(text)
        numbers.push(row.number)
      }
      bytes += length
      lastRow = row.number
    }
  }
  if (lastRow > after.lastRow && (events.length > 0 || skipped.length > 0)) yield take()
}
