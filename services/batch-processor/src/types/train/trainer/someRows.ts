import type { Dataset } from "@analytics/ml-models/train/Dataset"

/** At most so many of `rows`, evenly spread. */
export const spread = (rows: number, most: number): ReadonlyArray<number> => {
  const count = Math.min(rows, most)
  return Array.from({ length: count }, (_, index) => Math.floor((index * rows) / count))
}

/** These rows of a data set. */
export const rowsAt = (all: Dataset, rows: ReadonlyArray<number>): Dataset => ({
  names: all.names,
  rows: rows.length,
  labels: Uint8Array.from(rows, (row) => all.labels[row] ?? 0),
  columns: all.columns.map((column) =>
    Float32Array.from(rows, (row) => column[row] ?? Number.NaN)
  )
})
