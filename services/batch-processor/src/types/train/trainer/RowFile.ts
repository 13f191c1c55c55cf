import { open } from "node:fs/promises"
import type { Dataset } from "@analytics/ml-models/train/Dataset"

/** What a row is for: to learn from, to choose and calibrate by, or to be judged by. */
export const parts = ["train", "validation", "holdout"] as const
export type Part = (typeof parts)[number]

/**
 * Numbers before the features of a row: its part (an index of `parts`) and its label. A row
 * is 32-bit floats, little-endian, one after the other: what ClickHouse's `RowBinary` is for
 * columns of Float32.
 */
const BEFORE = 2

/** Bytes of one row in the file. */
export const rowBytes = (features: number): number => (BEFORE + features) * 4

/** Bytes that are read at once. */
const BLOCK = 4 * 1024 * 1024

/** Reads a file of rows into columns, by part. The file is read twice, in blocks. */
export const readRows = async (
  path: string,
  names: ReadonlyArray<string>
): Promise<Readonly<Record<Part, Dataset>>> => {
  const counts = [0, 0, 0]
  await eachRow(path, names.length, (row) => {
    const part = row[0] ?? 0
    counts[part] = (counts[part] ?? 0) + 1
  })
  const sets = counts.map((rows) => ({
    names,
    rows,
    labels: new Uint8Array(rows),
    columns: names.map(() => new Float32Array(rows))
  }))
  const filled = [0, 0, 0]
  await eachRow(path, names.length, (row) => {
    const part = row[0] ?? 0
    const set = sets[part]
    const at = filled[part] ?? 0
    if (set === undefined) throw new Error("a row is of no part")
    filled[part] = at + 1
    set.labels[at] = row[1] ?? 0
    set.columns.forEach((column, index) => {
      column[at] = row[BEFORE + index] ?? Number.NaN
    })
  })
  const [train, validation, holdout] = sets
  if (train === undefined || validation === undefined || holdout === undefined)
    throw new Error("a part is missing")
  return { train, validation, holdout }
}

/** `visit` sees each row in turn, in memory that the next one is read into. */
const eachRow = async (
  path: string,
  features: number,
  visit: (row: Float32Array) => void
): Promise<void> => {
  const width = BEFORE + features
  const bytes = width * 4
  const block = new Float32Array(Math.max(1, Math.floor(BLOCK / bytes)) * width)
  const target = new Uint8Array(block.buffer)
  await using file = await open(path, "r")
  const { size } = await file.stat()
  if (size % bytes !== 0) throw new Error("the rows are not whole")
  for (let at = 0; at < size; ) {
    const wanted = Math.min(target.byteLength, size - at)
    let got = 0
    while (got < wanted) {
      const { bytesRead } = await file.read(target, got, wanted - got, at + got)
      if (bytesRead === 0) throw new Error("the file of rows became shorter")
      got += bytesRead
    }
    at += got
    for (let row = 0; row < got / bytes; row++)
      visit(block.subarray(row * width, (row + 1) * width))
  }
}
