import type { Dataset } from "./Dataset.ts"
import type { LinearModel } from "./LinearModel.ts"

/**
 * The model that knows only how many labels are 1, with one added to either side: what
 * any other must beat.
 */
export const baseRate = ({ names, labels }: Dataset): LinearModel => {
  const ones = labels.reduce((sum, label) => sum + label, 0)
  const all = (value: number) => names.map(() => value)
  return {
    kind: "linear",
    features: names,
    intercept: Math.log((ones + 1) / (labels.length - ones + 1)),
    weights: all(0),
    means: all(0),
    scales: all(1),
    fills: all(0),
    calibration: { slope: 1, intercept: 0 }
  }
}
