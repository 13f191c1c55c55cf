import type { Dataset } from "../train/Dataset.ts"

/** What the rows of a statement carry besides their person and features. */
export interface RowLayout {
  /** How many columns of features. */
  readonly features: number
  /** `label`: rows of `trainingRows`; `ids`: of `scoringRows`. */
  readonly with: "label" | "ids"
}

/** Rows that arrived, by column. */
export interface RowBatch {
  readonly rows: number
  readonly people: BigUint64Array
  /** Empty for scoring. */
  readonly labels: Uint8Array
  readonly columns: ReadonlyArray<Float32Array>
  /** Of scoring: the newest userId, else the newest anonymousId; exactly one is not `""`. */
  readonly ids: ReadonlyArray<{ readonly userId: string; readonly anonymousId: string }>
}

/** Rows to train on: each with its person and its cut (epoch milliseconds). */
export interface TrainingRows extends Dataset {
  readonly people: BigUint64Array
  readonly cuts: Float64Array
}
