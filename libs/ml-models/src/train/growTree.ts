import { type BinnedFeatures, binOf } from "./BinnedFeatures.ts"
import { type BinnedTree, emptyTree, writeMeans } from "./BinnedTree.ts"
import {
  findSplit,
  leafValue,
  type NodeSums,
  type Split,
  type SplitRules
} from "./findSplit.ts"
import { makeHistogram, subtract, sumGradients } from "./Histogram.ts"

export interface GrowthRules extends SplitRules {
  readonly leaves: number
  readonly depth: number
  readonly learningRate: number
}

interface Leaf {
  readonly node: number
  readonly depth: number
  readonly from: number
  readonly to: number
  readonly sums: NodeSums
  /** Only where something can be split. */
  readonly histogram: Float64Array | undefined
  readonly split: Split | undefined
}

/**
 * Grows trees over the same data one after the other, best leaf first. What it gives
 * takes `order`, the rows to learn from, and leaves it grouped by leaf; `chosen` says
 * per feature whether this tree may use it. The scores of the rows in `order` get the
 * tree's values.
 */
export const makeGrower = (binned: BinnedFeatures, rules: GrowthRules) => {
  const scratch = new Uint32Array(binned.rows)
  // At most `leaves` histograms are alive, and they are used again by every tree.
  const free: Array<Float64Array> = []
  const release = ({ histogram }: Leaf) => {
    if (histogram !== undefined) free.push(histogram)
  }

  return (
    order: Uint32Array,
    gradients: Float32Array,
    chosen: Uint8Array,
    logOdds: Float64Array
  ): BinnedTree => {
    const tree = emptyTree()

    const leafOf = (
      range: Pick<Leaf, "from" | "to" | "depth">,
      sums: NodeSums,
      histogram: Float64Array | undefined
    ): Leaf => {
      const split =
        histogram === undefined
          ? undefined
          : findSplit(histogram, binned, chosen, sums, rules)
      return { ...range, node: addNode(tree, range), sums, histogram, split }
    }

    const summed = (from: number, to: number): Float64Array => {
      const histogram = free.pop() ?? makeHistogram(binned)
      sumGradients(histogram, binned, chosen, order, from, to, gradients)
      return histogram
    }

    const splitLeaf = (leaf: Leaf, split: Split, canGrow: boolean): [Leaf, Leaf] => {
      const middle = partition(binned, order, scratch, leaf, split)
      const depth = leaf.depth + 1
      const left = { from: leaf.from, to: middle, depth }
      const right = { from: middle, to: leaf.to, depth }
      let below: [Float64Array?, Float64Array?] = []
      if (canGrow && depth < rules.depth && leaf.histogram !== undefined) {
        const isLeftLess = middle - leaf.from <= leaf.to - middle
        const less = isLeftLess ? summed(leaf.from, middle) : summed(middle, leaf.to)
        subtract(leaf.histogram, less)
        below = isLeftLess ? [less, leaf.histogram] : [leaf.histogram, less]
      } else release(leaf)
      const children: [Leaf, Leaf] = [
        leafOf(left, split.left, below[0]),
        leafOf(right, split.right, below[1])
      ]
      tree.feature[leaf.node] = split.feature
      tree.bin[leaf.node] = split.bin
      tree.missingLeft[leaf.node] = split.missingLeft
      tree.left[leaf.node] = children[0].node
      tree.right[leaf.node] = children[1].node
      tree.gain[leaf.node] = split.gain
      return children
    }

    const root = { from: 0, to: order.length, depth: 0 }
    const leaves = [leafOf(root, sumsOf(order, gradients), summed(0, order.length))]
    while (leaves.length < rules.leaves) {
      const best = bestLeaf(leaves)
      const leaf = leaves[best]
      if (leaf?.split === undefined) break
      const isLast = leaves.length + 1 === rules.leaves
      leaves.splice(best, 1, ...splitLeaf(leaf, leaf.split, !isLast))
    }
    for (const leaf of leaves) {
      const value = Math.fround(rules.learningRate * leafValue(leaf.sums, rules.l2))
      tree.value[leaf.node] = leaves.length > 1 ? value : 0
      if (leaves.length > 1) addValue(logOdds, order, leaf, value)
      release(leaf)
    }
    writeMeans(tree)
    return tree
  }
}

const addNode = (tree: BinnedTree, { from, to }: Pick<Leaf, "from" | "to">): number => {
  tree.feature.push(-1)
  tree.bin.push(0)
  tree.missingLeft.push(false)
  tree.left.push(0)
  tree.right.push(0)
  tree.value.push(0)
  tree.gain.push(0)
  return tree.rows.push(to - from) - 1
}

const bestLeaf = (leaves: ReadonlyArray<Leaf>): number => {
  let best = 0
  let gain = Number.NEGATIVE_INFINITY
  for (const [index, { split }] of leaves.entries()) {
    if (split === undefined || split.gain <= gain) continue
    best = index
    gain = split.gain
  }
  return best
}

const sumsOf = (order: Uint32Array, gradients: Float32Array): NodeSums => {
  let gradient = 0
  let second = 0
  for (let index = 0; index < order.length; index++) {
    const row = order[index] ?? 0
    gradient += gradients[row * 2] ?? 0
    second += gradients[row * 2 + 1] ?? 0
  }
  return {
    gradient,
    second,
    lowest: Number.NEGATIVE_INFINITY,
    highest: Number.POSITIVE_INFINITY
  }
}

/**
 * Puts the rows that go left in front, each side in its order. Gives where right
 * begins.
 */
const partition = (
  binned: BinnedFeatures,
  order: Uint32Array,
  scratch: Uint32Array,
  { from, to }: Leaf,
  { feature, bin, missingLeft }: Split
): number => {
  let left = from
  let right = 0
  for (let index = from; index < to; index++) {
    const row = order[index] ?? 0
    const own = binOf(binned, feature, row)
    const goesLeft = own === 0 ? missingLeft : own <= bin
    if (goesLeft) order[left++] = row
    else scratch[right++] = row
  }
  order.set(scratch.subarray(0, right), left)
  return left
}

const addValue = (
  logOdds: Float64Array,
  order: Uint32Array,
  { from, to }: Leaf,
  value: number
): void => {
  for (let index = from; index < to; index++) {
    const row = order[index] ?? 0
    logOdds[row] = (logOdds[row] ?? 0) + value
  }
}
