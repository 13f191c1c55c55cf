import type { Dataset } from "./Dataset.ts"

/** How trees are grown. Everything has a default that suits 1,000 to 1,000,000 rows. */
export interface TreeOptions {
  /** Trees at most. 800; 200 without validation rows. */
  readonly trees?: number
  /** What share of its own step each tree takes. 0.08. */
  readonly learningRate?: number
  /** Leaves of a tree at most; the most rewarding leaf is split next. 12. */
  readonly leaves?: number
  /** Splits between root and leaf at most. 8. */
  readonly depth?: number
  /** Bins of a feature's values at most, missing beside them: 2 to 254. 254. */
  readonly bins?: number
  /** L2 of the leaves' values. 5. */
  readonly l2?: number
  /** Sum of second derivatives (p · (1 − p) per row) on each side of a split. 5. */
  readonly minChildWeight?: number
  /** What a split must gain in log loss, summed over rows. 0. */
  readonly minGain?: number
  /** Share of rows each tree sees, above 0. 0.6. */
  readonly rowShare?: number
  /** Share of features each tree sees, above 0. 0.8. */
  readonly columnShare?: number
  /** The same seed and data give the same trees. 1. */
  readonly seed?: number
  /** Rows not trained on: training ends when `patience` trees made these no better. */
  readonly validation?: Dataset
  /** 30. */
  readonly patience?: number
  /**
   * By name of a feature: 1, the prediction never falls as it rises; −1, never rises.
   */
  readonly monotone?: Readonly<Record<string, 1 | -1>>
  /** After each tree: how many there are, how many there are at most. */
  readonly onProgress?: (trees: number, most: number) => void
}
