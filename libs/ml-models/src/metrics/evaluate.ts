import { aucInterval, type Interval } from "./aucDifference.ts"
import { averagePrecisionOf } from "./averagePrecision.ts"
import {
  type CalibrationBin,
  calibrationError,
  calibrationTable
} from "./calibrationTable.ts"
import { type Lift, liftsOf } from "./lift.ts"
import { brierOf, logLossOf } from "./probabilityScores.ts"

/** How good probabilities were, on rows they were not trained on. JSON as it is. */
export interface Evaluation {
  readonly rows: number
  readonly positives: number
  /** Null with fewer than two rows of a label. */
  readonly auc: Interval | null
  readonly logLoss: number | null
  readonly brier: number | null
  /** Null without a positive. */
  readonly averagePrecision: number | null
  readonly calibrationError: number
  readonly calibration: ReadonlyArray<CalibrationBin>
  readonly lifts: ReadonlyArray<Lift>
}

export const evaluate = (
  labels: Uint8Array,
  probabilities: Float64Array
): Evaluation => {
  const calibration = calibrationTable(labels, probabilities)
  return {
    rows: labels.length,
    positives: labels.reduce((sum, label) => sum + label, 0),
    auc: aucInterval(labels, probabilities) ?? null,
    logLoss: logLossOf(labels, probabilities) ?? null,
    brier: brierOf(labels, probabilities) ?? null,
    averagePrecision: averagePrecisionOf(labels, probabilities) ?? null,
    calibrationError: calibrationError(calibration),
    calibration,
    lifts: liftsOf(labels, probabilities)
  }
}
