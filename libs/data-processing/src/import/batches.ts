import { isJsonObject } from "../ExactJson.ts"
import { beginning, type Position, type Rows } from "../readers/Row.ts"
import { isEventType, Refusal, readEvent } from "../segment/SegmentEvent.ts"
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

/** The events of a row as JSON, or why it becomes none. */
const textsOf = (
  mapped: Exclude<Mapped, { readonly reason: string }>
): ReadonlyArray<string> | string => {
  if (mapped.json !== undefined) return [mapped.json]
  const events = mapped.events ?? [mapped.event]
  const texts: Array<string> = []
  let length = 0
  for (const event of events) {
    const refusal = events.length > 1 ? refusalOf(event) : undefined
    if (refusal !== undefined) return refusal
    const text = textOf(event)
    if (text === undefined) return "nested too deep to be written"
    length += text.length
    if (length > MOST_SPREAD && events.length > 1)
      return "the events of the row are too large together"
    texts.push(text)
  }
  return texts
}

/** Nothing of an event's size or its project: those the ingestion knows. */
const facts = { projectId: 0, receivedAt: 0, testMode: false, maxEventBytes: 0 }

/** Of several events all are taken or none, although each is judged for itself. */
const refusalOf = (event: object): string | undefined => {
  if (!isJsonObject(event) || !isEventType(event["type"])) return undefined
  const read = readEvent(event, event["type"], facts)
  return read instanceof Refusal ? read.reason : undefined
}

const textOf = (event: object): string | undefined => {
  try {
    return JSON.stringify(event)
  } catch {
    // Only what nests tens of thousands deep cannot be written.
    return undefined
  }
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
      const texts = mapped.reason === undefined ? textsOf(mapped) : mapped.reason
      if (typeof texts === "string") {
        skipped.push({ number: row.number, reason: texts })
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
