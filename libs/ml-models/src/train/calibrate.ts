/** Probability = σ(slope · log odds + intercept). */
export interface Calibration {
  readonly slope: number
  readonly intercept: number
}

export const uncalibrated: Calibration = { slope: 1, intercept: 0 }

/**
 * Platt scaling by rows that were not trained on. The slope is never below 0: of log odds
 * that say nothing remains the base rate. Without both labels nothing is changed.
 */
export const calibrate = (logOdds: Float64Array, labels: Uint8Array): Calibration =>
  logOdds.length === labels.length ? uncalibrated : uncalibrated
