import { type BinnedFeatures, binOf } from "./BinnedFeatures.ts"
import type { Tree } from "./TreeEnsemble.ts"

/** A tree over bins, by node; node 0 is the root, children come after their parents. */
export interface BinnedTree {
  /** −1: a leaf. */
  readonly feature: Array<number>
  readonly bin: Array<number>
  readonly missingLeft: Array<boolean>
  readonly left: Array<number>
  readonly right: Array<number>
  /**
   * Of a leaf what it adds, a 32-bit float; of an inner node the mean below by rows.
   */
  readonly value: Array<number>
  /** Training rows that pass. */
  readonly rows: Array<number>
  /** What the split takes from the log loss, summed over rows. */
  readonly gain: Array<number>
}

export const emptyTree = (): BinnedTree => ({
  feature: [],
  bin: [],
  missingLeft: [],
  left: [],
  right: [],
  value: [],
  rows: [],
  gain: []
})

/** Of inner nodes the mean of what rows get that pass them. */
export const writeMeans = ({ feature, left, right, value, rows }: BinnedTree): void => {
  for (let node = feature.length - 1; node >= 0; node--) {
    if (feature[node] === -1) continue
    const [a, b] = [left[node] ?? 0, right[node] ?? 0]
    const [below, beside] = [rows[a] ?? 0, rows[b] ?? 0]
    const sum = (value[a] ?? 0) * below + (value[b] ?? 0) * beside
    value[node] = Math.fround(sum / Math.max(1, below + beside))
  }
}
/** What the leaf adds that a row ends in. */
export const valueAt = (
  tree: BinnedTree,
  binned: BinnedFeatures,
  row: number
): number => {
  let node = 0
  let feature = tree.feature[0] ?? -1
  while (feature >= 0) {
    const bin = binOf(binned, feature, row)
    const goesLeft = bin === 0 ? tree.missingLeft[node] : bin <= (tree.bin[node] ?? 0)
    node = (goesLeft === true ? tree.left[node] : tree.right[node]) ?? 0
    feature = tree.feature[node] ?? -1
  }
  return tree.value[node] ?? 0
}

/** Adds a tree's values to the log odds of the rows `order[from …]`. */
export const addTree = (
  tree: BinnedTree,
  binned: BinnedFeatures,
  logOdds: Float64Array,
  order: Uint32Array,
  from: number
): void => {
  for (let index = from; index < order.length; index++) {
    const row = order[index] ?? 0
    logOdds[row] = (logOdds[row] ?? 0) + valueAt(tree, binned, row)
  }
}

/** As a value's threshold: every value goes left, and what is missing goes right. */
const LARGEST = Math.fround(3.4028234663852886e38)

/** The tree over the features themselves. */
export const withThresholds = (
  tree: BinnedTree,
  { thresholds }: BinnedFeatures
): Tree => ({
  feature: tree.feature,
  threshold: tree.feature.map((feature, node) =>
    feature < 0 ? 0 : (thresholds[feature]?.[(tree.bin[node] ?? 0) - 1] ?? LARGEST)
  ),
  left: tree.left,
  right: tree.right,
  missingLeft: tree.missingLeft,
  value: tree.value
})

/** A tree that says nothing, for a model that learned nothing. */
export const emptyLeaf: Tree = {
  feature: [-1],
  threshold: [0],
  left: [0],
  right: [0],
  missingLeft: [false],
  value: [0]
}

/** Per feature what the trees' splits gained. */
export const gainsOf = (
  trees: ReadonlyArray<BinnedTree>,
  features: number
): Float64Array => {
  const gains = new Float64Array(features)
  for (const tree of trees)
    for (const [node, feature] of tree.feature.entries())
      if (feature >= 0) gains[feature] = (gains[feature] ?? 0) + (tree.gain[node] ?? 0)
  return gains
}
