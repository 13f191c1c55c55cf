import { score } from "@analytics/ml-models/onnx/score"
import type { Dataset } from "@analytics/ml-models/train/Dataset"
import type { Model } from "@analytics/ml-models/train/predict"
import type { Schema } from "effect"
import { rowsAt, spread } from "./someRows.ts"

/** Rows of each kind: any, those that lack most, and one without anything. */
const ANY = 32
const LACKING = 15

/**
 * Rows of the holdout with what the trainer's own arithmetic says of them, as tensors in
 * the protocol's JSON, where null is a missing value.
 */
export const goldenRows = (model: Model, holdout: Dataset) => {
  const lacking = spread(holdout.rows, holdout.rows)
    .map((row) => ({ row, missing: missingIn(holdout, row) }))
    .filter(({ missing }) => missing > 0)
    .sort((a, b) => b.missing - a.missing || a.row - b.row)
    .slice(0, LACKING)
    .map(({ row }) => row)
  // Beyond the last row: nothing is known.
  const rows = [...new Set([...spread(holdout.rows, ANY), ...lacking, holdout.rows])]
  const golden = rowsAt(holdout, rows)
  const { contributions, probability } = score(model, golden)
  const width = golden.names.length
  const cells = rows.flatMap((_, row) =>
    golden.columns.map((column) => column[row] ?? Number.NaN)
  )
  return {
    inputs: [tensor("features", [rows.length, width], cells)],
    outputs: [
      tensor("probability", [rows.length, 1], probability),
      tensor("contributions", [rows.length, width + 1], contributions)
    ]
  }
}

const missingIn = ({ columns }: Dataset, row: number): number =>
  columns.reduce((sum, column) => sum + (Number.isNaN(column[row]) ? 1 : 0), 0)

const tensor = (
  name: string,
  shape: ReadonlyArray<number>,
  values: ArrayLike<number>
): Schema.Json => ({
  name,
  datatype: "FP32",
  shape: [...shape],
  data: Array.from(values, (value) => (Number.isNaN(value) ? null : Math.fround(value)))
})
