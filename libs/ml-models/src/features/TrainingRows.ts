import type { Dataset } from "../train/Dataset.ts"
import type { RowBatch } from "./RowReader.ts"

/** Rows to train on, each with its person and its cut (epoch milliseconds). */
export interface TrainingRows extends Dataset {
  readonly people: BigUint64Array
  readonly cuts: Float64Array
}

/** Collects batches, of one cut after the other, into one data set. */
export class TrainingRowsBuilder {
  private readonly batches: Array<{ readonly batch: RowBatch; readonly cut: number }> =
    []
  private readonly names: ReadonlyArray<string>
  private count = 0

  constructor(names: ReadonlyArray<string>) {
    this.names = names
  }

  /** So far. */
  get rows(): number {
    return this.count
  }

  add(batch: RowBatch, cut: number): void {
    if (batch.rows === 0) return
    this.batches.push({ batch, cut })
    this.count += batch.rows
  }

  build(): TrainingRows {
    const rows = this.count
    const people = new BigUint64Array(rows)
    const cuts = new Float64Array(rows)
    const labels = new Uint8Array(rows)
    const columns = this.names.map(() => new Float32Array(rows))
    let at = 0
    for (const { batch, cut } of this.batches) {
      people.set(batch.people, at)
      labels.set(batch.labels, at)
      cuts.fill(cut, at, at + batch.rows)
      columns.forEach((column, index) => {
        const part = batch.columns[index]
        if (part) column.set(part, at)
      })
      at += batch.rows
    }
    return { names: this.names, columns, rows, labels, people, cuts }
  }
}

/**
 * The rows from a moment on, and those before it: what is judged lies after everything
 * that was learned from.
 */
export const splitAt = (
  all: TrainingRows,
  cut: number
): { readonly before: TrainingRows; readonly from: TrainingRows } => {
  const earlier: Array<number> = []
  const later: Array<number> = []
  for (let row = 0; row < all.rows; row++)
    ((all.cuts[row] ?? 0) < cut ? earlier : later).push(row)
  return { before: rowsOf(all, earlier), from: rowsOf(all, later) }
}

const rowsOf = (all: TrainingRows, rows: ReadonlyArray<number>): TrainingRows => ({
  names: all.names,
  rows: rows.length,
  columns: all.columns.map((column) =>
    Float32Array.from(rows, (row) => column[row] ?? Number.NaN)
  ),
  labels: Uint8Array.from(rows, (row) => all.labels[row] ?? 0),
  people: BigUint64Array.from(rows, (row) => all.people[row] ?? 0n),
  cuts: Float64Array.from(rows, (row) => all.cuts[row] ?? 0)
})
