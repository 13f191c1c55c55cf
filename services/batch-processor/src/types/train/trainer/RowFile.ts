import { open } from "node:fs/promises"
import { type RowBatch, RowReader } from "@analytics/ml-models/features/RowReader"
import type { Dataset } from "@analytics/ml-models/train/Dataset"

/** What a row is for: to learn from, to choose and calibrate by, or to be judged by. */
export type Part = "train" | "validation" | "holdout"

/** Rows of one cut, as the event store wrote them (`trainingRows`). */
export interface RowFile {
  readonly path: string
  /** `people`: a fifth of the people are validated by, the others learnt from. */
  readonly for: Part | "people"
}

/** Of `people`, one of so many validates. */
const ONE_OF = 5n

/** Bytes of one row in a file: the person, the label, the features. */
const rowBytes = (features: number): number => 8 + 4 + 4 * features

/** Reads files of rows into columns, by part. */
export const readRows = async (
  files: ReadonlyArray<RowFile>,
  names: ReadonlyArray<string>
): Promise<Readonly<Record<Part, Dataset>>> => {
  const room = { train: 0, validation: 0, holdout: 0 }
  for (const { for: use, path } of files) {
    const rows = Bun.file(path).size / rowBytes(names.length)
    for (const part of partsOf(use)) room[part] += rows
  }
  const parts = {
    train: new Columns(names, room.train),
    validation: new Columns(names, room.validation),
    holdout: new Columns(names, room.holdout)
  }
  for (const { for: use, path } of files)
    for await (const batch of batches(path, names.length))
      for (let row = 0; row < batch.rows; row++)
        parts[partOf(use, batch.people[row] ?? 0n)].add(batch, row)
  return {
    train: parts.train.dataset,
    validation: parts.validation.dataset,
    holdout: parts.holdout.dataset
  }
}

const partsOf = (use: RowFile["for"]): ReadonlyArray<Part> =>
  use === "people" ? ["train", "validation"] : [use]

const partOf = (use: RowFile["for"], person: bigint): Part => {
  if (use !== "people") return use
  return person % ONE_OF === 0n ? "validation" : "train"
}

/** Columns that are filled row by row. */
class Columns {
  private readonly names: ReadonlyArray<string>
  private readonly labels: Uint8Array
  private readonly columns: ReadonlyArray<Float32Array>
  private rows = 0

  constructor(names: ReadonlyArray<string>, room: number) {
    this.names = names
    this.labels = new Uint8Array(room)
    this.columns = names.map(() => new Float32Array(room))
  }

  add(batch: RowBatch, row: number): void {
    const at = this.rows++
    this.labels[at] = batch.labels[row] ?? 0
    for (let index = 0; index < this.columns.length; index++) {
      const column = this.columns[index]
      if (column) column[at] = batch.columns[index]?.[row] ?? Number.NaN
    }
  }

  get dataset(): Dataset {
    const { columns, labels, names, rows } = this
    return {
      names,
      rows,
      labels: labels.subarray(0, rows),
      columns: columns.map((column) => column.subarray(0, rows))
    }
  }
}

/** Bytes that are read at once. */
const BLOCK = 1024 * 1024

async function* batches(path: string, features: number): AsyncGenerator<RowBatch> {
  const reader = new RowReader({ features, with: "label" })
  const block = new Uint8Array(BLOCK)
  await using file = await open(path, "r")
  for (;;) {
    const { bytesRead } = await file.read(block, 0, BLOCK)
    if (bytesRead === 0) break
    yield reader.read(block.subarray(0, bytesRead))
  }
  if (!reader.isWhole) throw new Error("the rows are not whole")
}
