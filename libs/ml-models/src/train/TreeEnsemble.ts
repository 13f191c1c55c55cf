/**
 * One binary tree as parallel arrays by node; node 0 is the root. At an inner node a
 * row goes left when its value is at most the threshold, compared as 32-bit floats, and
 * where `missingLeft` says when it is missing.
 */
export interface Tree {
  /** Index of the feature; −1: a leaf. */
  readonly feature: ReadonlyArray<number>
  readonly threshold: ReadonlyArray<number>
  readonly left: ReadonlyArray<number>
  readonly right: ReadonlyArray<number>
  readonly missingLeft: ReadonlyArray<boolean>
  /**
   * Of a leaf, what it adds to the log odds (32-bit float); of an inner node, the mean
   * below it, for contributions.
   */
  readonly value: ReadonlyArray<number>
}

/**
 * Gradient-boosted trees: log odds = `base` + the leaves a row ends in. JSON as it is.
 */
export interface TreeEnsemble {
  readonly kind: "trees"
  readonly features: ReadonlyArray<string>
  readonly base: number
  readonly trees: ReadonlyArray<Tree>
  /** Platt scaling of the log odds: probability = σ(slope · log odds + intercept). */
  readonly calibration: { readonly slope: number; readonly intercept: number }
}
