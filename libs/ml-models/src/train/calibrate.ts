import { sigmoid } from "./predict.ts"

/** Probability = σ(slope · log odds + intercept). */
export interface Calibration {
  readonly slope: number
  readonly intercept: number
}

const uncalibrated: Calibration = { slope: 1, intercept: 0 }

/** Newton steps at most; five are common. */
const STEPS = 50

/**
 * Platt scaling by rows that were not trained on, with his smoothed targets, so that
 * rows which are told apart perfectly give no endless slope. The slope is never below
 * 0: of log odds that rank rows the wrong way remains the base rate. Without both
 * labels, or with log odds that are not finite, nothing is changed.
 */
export const calibrate = (logOdds: Float64Array, labels: Uint8Array): Calibration => {
  const ones = labels.reduce((sum, label) => sum + label, 0)
  const zeros = labels.length - ones
  if (ones === 0 || zeros === 0 || !logOdds.every(Number.isFinite)) return uncalibrated
  const high = (ones + 1) / (ones + 2)
  const low = 1 / (zeros + 2)
  const flat = { slope: 0, intercept: Math.log((ones + 1) / (zeros + 1)) }
  const targets = Float64Array.from(labels, (label) => (label === 1 ? high : low))
  let at = flat
  let loss = lossOf(at, logOdds, targets)
  for (let step = 0; step < STEPS; step++) {
    const direction = newtonStep(at, logOdds, targets)
    let size = 1
    let next = at
    let nextLoss = Number.POSITIVE_INFINITY
    while (size > 1e-6 && !(nextLoss < loss)) {
      next = {
        slope: at.slope - size * direction.slope,
        intercept: at.intercept - size * direction.intercept
      }
      nextLoss = lossOf(next, logOdds, targets)
      size /= 2
    }
    if (!(nextLoss < loss)) break
    const isDone = loss - nextLoss < 1e-12 * labels.length
    at = next
    loss = nextLoss
    if (isDone) break
  }
  return at.slope > 0 ? at : flat
}

const newtonStep = (
  { slope, intercept }: Calibration,
  logOdds: Float64Array,
  targets: Float64Array
): Calibration => {
  let [bySlope, byIntercept] = [0, 0]
  let [slopes, both, intercepts] = [1e-12, 0, 1e-12]
  for (let row = 0; row < logOdds.length; row++) {
    const odds = logOdds[row] ?? 0
    const probability = sigmoid(slope * odds + intercept)
    const off = probability - (targets[row] ?? 0)
    const second = probability * (1 - probability)
    bySlope += off * odds
    byIntercept += off
    slopes += second * odds * odds
    both += second * odds
    intercepts += second
  }
  const determinant = slopes * intercepts - both * both
  // Log odds that are all alike leave only the intercept to be found.
  if (!(determinant > 1e-10 * slopes * intercepts))
    return { slope: 0, intercept: byIntercept / intercepts }
  return {
    slope: (intercepts * bySlope - both * byIntercept) / determinant,
    intercept: (slopes * byIntercept - both * bySlope) / determinant
  }
}

const lossOf = (
  { slope, intercept }: Calibration,
  logOdds: Float64Array,
  targets: Float64Array
): number => {
  let sum = 0
  for (let row = 0; row < logOdds.length; row++) {
    const odds = slope * (logOdds[row] ?? 0) + intercept
    sum +=
      Math.max(odds, 0) +
      Math.log1p(Math.exp(-Math.abs(odds))) -
      (targets[row] ?? 0) * odds
  }
  return sum
}
