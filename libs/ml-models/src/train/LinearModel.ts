/**
 * Standard deviations from the mean beyond which a value counts no more: then infinity
 * times a weight of 0, or less another infinity, makes no probability that is no number.
 */
export const FARTHEST = 1e6

/**
 * Logistic regression: log odds = `intercept` + Σ weight · (value − mean) / scale,
 * where a missing value counts as `fill`. JSON as it is.
 */
export interface LinearModel {
  readonly kind: "linear"
  readonly features: ReadonlyArray<string>
  readonly intercept: number
  readonly weights: ReadonlyArray<number>
  readonly means: ReadonlyArray<number>
  readonly scales: ReadonlyArray<number>
  readonly fills: ReadonlyArray<number>
  readonly calibration: { readonly slope: number; readonly intercept: number }
}
