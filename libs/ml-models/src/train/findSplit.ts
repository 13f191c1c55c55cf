import type { BinnedFeatures } from "./BinnedFeatures.ts"

/** What a split may be. */
export interface SplitRules {
  readonly l2: number
  readonly minChildWeight: number
  readonly minGain: number
  /** By feature: 1 rising, −1 falling, 0 free. */
  readonly monotone: Int8Array
  /** Whether `monotone` binds any feature. */
  readonly isBound: boolean
}

/** Sums of a node's gradients, and between what its value must stay. */
export interface NodeSums {
  readonly gradient: number
  readonly second: number
  readonly lowest: number
  readonly highest: number
}

export interface Split {
  readonly gain: number
  readonly feature: number
  /** Bins up to this one go left, but for 0, the missing. */
  readonly bin: number
  readonly missingLeft: boolean
  readonly left: NodeSums
  readonly right: NodeSums
}

/**
 * The split of a node that takes most from its log loss by its second-order expansion,
 * or none that is allowed and gains. Of equals the first feature and the lowest bin.
 */
export const findSplit = (
  histogram: Float64Array,
  binned: BinnedFeatures,
  chosen: Uint8Array,
  node: NodeSums,
  rules: SplitRules
): Split | undefined => {
  const { l2, minChildWeight, isBound } = rules
  const { gradient, second } = node
  const own = isBound
    ? scoreAt(gradient, second, leafValue(node, l2), l2)
    : (gradient * gradient) / (second + l2)
  let best = 2 * rules.minGain + 1e-10 * (1 + own)
  let bestFeature = -1
  let bestBin = 0
  let bestMissingLeft = false
  for (let feature = 0; feature < binned.features; feature++) {
    if (chosen[feature] !== 1) continue
    const from = binned.offsets[feature] ?? 0
    const last = (binned.offsets[feature + 1] ?? 0) - 1
    const missing = histogram[from * 2] ?? 0
    const missingSecond = histogram[from * 2 + 1] ?? 0
    const hasMissing = missing !== 0 || missingSecond !== 0
    let left = 0
    let leftSecond = 0
    // Past the last bin only "there or missing" is left to tell apart.
    const end = hasMissing ? last : last - 1
    for (let at = from + 1; at <= end; at++) {
      const here = histogram[at * 2] ?? 0
      const hereSecond = histogram[at * 2 + 1] ?? 0
      if (here === 0 && hereSecond === 0) continue
      left += here
      leftSecond += hereSecond
      for (let side = hasMissing && at < last ? 1 : 0; side >= 0; side--) {
        const leftGradient = side === 1 ? left + missing : left
        const leftWeight = side === 1 ? leftSecond + missingSecond : leftSecond
        const rightGradient = gradient - leftGradient
        const rightWeight = second - leftWeight
        if (leftWeight < minChildWeight || rightWeight < minChildWeight) continue
        const gain = isBound
          ? boundScore(
              leftGradient,
              leftWeight,
              rightGradient,
              rightWeight,
              node,
              l2,
              rules.monotone[feature] ?? 0
            ) - own
          : (leftGradient * leftGradient) / (leftWeight + l2) +
            (rightGradient * rightGradient) / (rightWeight + l2) -
            own
        if (gain <= best) continue
        best = gain
        bestFeature = feature
        bestBin = at - from
        // What was never missing here goes where most rows go.
        bestMissingLeft = hasMissing ? side === 1 : leftWeight >= rightWeight
      }
    }
  }
  if (bestFeature < 0) return undefined
  const found = { feature: bestFeature, bin: bestBin, missingLeft: bestMissingLeft }
  return { gain: best / 2, ...found, ...sidesOf(histogram, binned, node, found, rules) }
}

/** The value that is best for a node's rows, kept between its bounds. */
export const leafValue = (node: NodeSums, l2: number): number =>
  node.second + l2 > 0
    ? Math.min(node.highest, Math.max(node.lowest, -node.gradient / (node.second + l2)))
    : 0

/** Twice what a value takes from the loss. */
const scoreAt = (gradient: number, second: number, value: number, l2: number) =>
  -(2 * gradient * value + (second + l2) * value * value)

const boundScore = (
  leftGradient: number,
  leftSecond: number,
  rightGradient: number,
  rightSecond: number,
  { lowest, highest }: NodeSums,
  l2: number,
  direction: number
): number => {
  const left = Math.min(highest, Math.max(lowest, -leftGradient / (leftSecond + l2)))
  const right = Math.min(highest, Math.max(lowest, -rightGradient / (rightSecond + l2)))
  if (direction * (right - left) < 0) return Number.NEGATIVE_INFINITY
  return (
    scoreAt(leftGradient, leftSecond, left, l2) +
    scoreAt(rightGradient, rightSecond, right, l2)
  )
}

const sidesOf = (
  histogram: Float64Array,
  { offsets }: BinnedFeatures,
  node: NodeSums,
  split: Pick<Split, "feature" | "bin" | "missingLeft">,
  { monotone, l2 }: SplitRules
): Pick<Split, "left" | "right"> => {
  const from = offsets[split.feature] ?? 0
  let gradient = 0
  let second = 0
  for (let bin = split.missingLeft ? 0 : 1; bin <= split.bin; bin++) {
    gradient += histogram[(from + bin) * 2] ?? 0
    second += histogram[(from + bin) * 2 + 1] ?? 0
  }
  const { lowest, highest } = node
  const left = { gradient, second, lowest, highest }
  const right = {
    gradient: node.gradient - gradient,
    second: node.second - second,
    lowest,
    highest
  }
  const direction = monotone[split.feature] ?? 0
  if (direction === 0) return { left, right }
  const middle = (leafValue(left, l2) + leafValue(right, l2)) / 2
  return direction > 0
    ? { left: { ...left, highest: middle }, right: { ...right, lowest: middle } }
    : { left: { ...left, lowest: middle }, right: { ...right, highest: middle } }
}
