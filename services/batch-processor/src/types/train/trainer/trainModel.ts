import { referenceHistogram } from "@analytics/ml-models/metrics/drift"
import { evaluate } from "@analytics/ml-models/metrics/evaluate"
import { permutationImportance } from "@analytics/ml-models/metrics/importance"
import { logLossOf } from "@analytics/ml-models/metrics/probabilityScores"
import { modelToOnnx } from "@analytics/ml-models/onnx/modelToOnnx"
import { calibrate } from "@analytics/ml-models/train/calibrate"
import type { Dataset } from "@analytics/ml-models/train/Dataset"
import {
  logOddsOf,
  type Model,
  probabilitiesOf
} from "@analytics/ml-models/train/predict"
import type { TreeOptions } from "@analytics/ml-models/train/TreeOptions"
import { trainLinear } from "@analytics/ml-models/train/trainLinear"
import { trainTrees } from "@analytics/ml-models/train/trainTrees"
import type { UnusableDataset } from "@analytics/ml-models/train/UnusableDataset"
import { Result } from "effect"
import { goldenRows } from "./goldenRows.ts"
import type { Part } from "./RowFile.ts"
import { rowsAt, spread } from "./someRows.ts"
import type { Metrics, TrainReport } from "./TrainReport.ts"

export interface Made {
  /** The file of ONNX. */
  readonly file: Uint8Array
  readonly report: TrainReport
}

/** Rows that shuffling is measured on: more make it slow, and hardly any better. */
const IMPORTANCE_ROWS = 4000

/**
 * Trains trees and logistic regression, calibrates both by the validation rows and takes
 * the better there. The holdout decides nothing here: it says how good both are.
 *
 * @param onProgress told of a stage, how much of it is done and how much it has
 */
export const trainModel = (
  sets: Readonly<Record<Part, Dataset>>,
  options: TreeOptions,
  onProgress: (stage: string, done: number, total: number) => void
): Result.Result<Made, UnusableDataset> =>
  Result.gen(function* () {
    const { holdout, train, validation } = sets
    onProgress("logistic regression", 0, 1)
    const logistic = calibrated(yield* trainLinear(train), validation)
    // What is left of it counts against the limit of the process, but is given back late.
    Bun.gc(true)
    onProgress("trees", 0, options.trees ?? 1)
    const grown = yield* trainTrees(train, {
      ...options,
      validation,
      onProgress: (done, most) => onProgress("trees", done, most)
    })
    Bun.gc(true)
    const trees = calibrated(grown.model, validation)
    const models = { trees, logistic }
    const validationLogLoss = {
      trees: lossOn(trees, validation),
      logistic: lossOn(logistic, validation)
    }
    const chosen =
      validationLogLoss.trees <= validationLogLoss.logistic ? "trees" : "logistic"
    const model = models[chosen]
    onProgress("evaluation", 0, 1)
    const probabilities = probabilitiesOf(model, holdout)
    const { calibration, lifts } = evaluate(holdout.labels, probabilities)
    const { positives, rows } = countOf(train)
    const importance = permutationImportance(
      model,
      rowsAt(holdout, spread(holdout.rows, IMPORTANCE_ROWS)),
      options.seed
    )
    onProgress("evaluation", 1, 1)
    const explained = importance.reduce((sum, { value }) => sum + Math.max(0, value), 0)
    return {
      file: modelToOnnx(model),
      report: {
        chosen,
        rows: {
          train: countOf(train),
          validation: countOf(validation),
          holdout: countOf(holdout)
        },
        holdout: {
          trees: metricsOf(holdout, probabilitiesOf(trees, holdout)),
          logistic: metricsOf(holdout, probabilitiesOf(logistic, holdout)),
          baseRate: metricsOf(
            holdout,
            new Float64Array(holdout.rows).fill(positives / rows)
          )
        },
        validationLogLoss,
        trees: trees.kind === "trees" ? trees.trees.length : 0,
        calibration: calibration.map((bin) => ({ ...bin })),
        lifts: lifts.map((lift) => ({ ...lift })),
        importance: importance.map(({ feature, value }) => ({
          feature,
          share: explained === 0 ? 0 : Math.max(0, value) / explained
        })),
        reference: {
          features: holdout.names.map((name, index) => ({
            name,
            histogram: referenceHistogram(
              holdout.columns[index] ?? new Float32Array(holdout.rows)
            )
          })),
          score: referenceHistogram(probabilities)
        },
        golden: goldenRows(model, holdout)
      }
    }
  })

const calibrated = <M extends Model>(model: M, validation: Dataset): M => ({
  ...model,
  calibration: calibrate(logOddsOf(model, validation), validation.labels)
})

const lossOn = (model: Model, rows: Dataset): number =>
  logLossOf(rows.labels, probabilitiesOf(model, rows)) ?? Number.POSITIVE_INFINITY

const countOf = ({ labels, rows }: Dataset) => ({
  rows,
  positives: labels.reduce((sum, label) => sum + label, 0)
})

const metricsOf = (rows: Dataset, probabilities: Float64Array): Metrics => {
  const { auc, averagePrecision, brier, calibrationError, logLoss } = evaluate(
    rows.labels,
    probabilities
  )
  return {
    auc,
    logLoss: logLoss ?? Number.POSITIVE_INFINITY,
    brier: brier ?? 1,
    averagePrecision,
    calibrationError
  }
}
