import type { Row, UnreadableRow } from "@analytics/data-processing/readers/Row"
import type { Mapped } from "./Mapping.ts"

const maxEvents = 1000
const maxBytes = 450 * 1024

/** A row that does not become an event. */
export interface SkippedRow {
  readonly number: number
  readonly reason: string
}

/** Events of consecutive rows, as the body of one request. */
export interface Batch {
  readonly events: number
  /** Row numbers of the events, in their order. */
  readonly rows: ReadonlyArray<number>
  readonly body: string
  readonly lastRow: number
  readonly skipped: ReadonlyArray<SkippedRow>
}

/** Cuts rows into requests within the limits of the ingestion. */
export async function* batches(
  rows: AsyncIterable<Row | UnreadableRow>,
  toEvent: (row: Row) => Mapped,
  afterRow: number
): AsyncGenerator<Batch> {
  let texts: Array<string> = []
  let numbers: Array<number> = []
  let skipped: Array<SkippedRow> = []
  let bytes = 0
  let lastRow = afterRow
  const take = (): Batch => {
    const batch = {
      events: texts.length,
      rows: numbers,
      body: `{"batch":[${texts.join(",")}]}`,
      lastRow,
      skipped
    }
    texts = []
    numbers = []
    skipped = []
    bytes = 0
    return batch
  }
  for await (const row of rows) {
    if (row.number <= afterRow) continue
    const mapped = row._tag === "Row" ? toEvent(row) : row
    if (mapped.reason !== undefined) {
      skipped.push({ number: row.number, reason: mapped.reason })
    } else {
      const text = JSON.stringify(mapped.event)
      const length = Buffer.byteLength(text) + 1
      if (texts.length === maxEvents || bytes + length > maxBytes) yield take()
      texts.push(text)
      numbers.push(row.number)
      bytes += length
    }
    lastRow = row.number
  }
  if (texts.length > 0 || skipped.length > 0) yield take()
}
