import { Result } from "effect"
import { binFeatures } from "./BinnedFeatures.ts"
import {
  addTree,
  type BinnedTree,
  emptyLeaf,
  gainsOf,
  withThresholds
} from "./BinnedTree.ts"
import { checkDataset } from "./checkDataset.ts"
import type { Dataset } from "./Dataset.ts"
import { writeGradients } from "./gradients.ts"
import { makeGrower } from "./growTree.ts"
import { makeRandom } from "./Random.ts"
import { chooseColumns, chooseRows } from "./sampling.ts"
import type { TreeEnsemble } from "./TreeEnsemble.ts"
import type { TreeOptions } from "./TreeOptions.ts"
import { type TreeSettings, treeSettings } from "./treeSettings.ts"
import { UnusableDataset } from "./UnusableDataset.ts"
import { makeJudge } from "./validationLoss.ts"

/** Trees, and how they came about. */
export interface TrainedTrees {
  /** Uncalibrated; at least one tree, which may be a single leaf. */
  readonly model: TreeEnsemble
  /** Per feature what all splits by it took from the log loss, summed over rows. */
  readonly gains: Float64Array
  /** Mean log loss of the validation rows after each tree; empty without them. */
  readonly validationLoss: ReadonlyArray<number>
}

const LEAST_L2 = 1e-9

/** Trees in a row that find no split before it is given up. */
const FRUITLESS = 10

/**
 * Gradient-boosted trees of binary labels by log loss, with histograms and second-order
 * gains. Blocks its thread. The same data, options and seed give the same trees; the
 * order of rows matters only when `rowShare` is below 1.
 *
 * Memory beside the dataset, in bytes, with f features, r rows, v validation rows:
 * r · (4 ⌈f / 4⌉ + 28) + v · (4 ⌈f / 4⌉ + 8) + 16 · leaves · (bins + 2) · f.
 */
export const trainTrees = (
  dataset: Dataset,
  options: TreeOptions = {}
): Result.Result<TrainedTrees, UnusableDataset> =>
  Result.gen(function* () {
    const settings = yield* treeSettings(options)
    yield* checkDataset(dataset)
    const { validation } = options
    if (validation !== undefined) yield* checkValidation(dataset, validation)
    const monotone = yield* directions(dataset, options.monotone ?? {})
    return boost(dataset, validation, monotone, settings, options.onProgress)
  })

const boost = (
  dataset: Dataset,
  validation: Dataset | undefined,
  monotone: Int8Array,
  settings: TreeSettings,
  onProgress: TreeOptions["onProgress"]
): TrainedTrees => {
  const random = makeRandom(settings.seed)
  const { rows, labels, weights } = dataset
  const binned = binFeatures(dataset, settings.bins, random)
  const judge = validation && makeJudge(validation, binned)
  const largest = weights?.reduce((most, weight) => Math.max(most, weight), 0) ?? 1
  const base = baseOf(labels, weights)
  const logOdds = new Float64Array(rows).fill(base)
  judge?.start(base)
  const gradients = new Float32Array(rows * 2)
  const chosen = new Uint8Array(binned.features)
  const order = new Uint32Array(rows)
  const grow = makeGrower(binned, {
    ...settings,
    // Without any, a side of which all rows are certain would be divided by 0.
    l2: Math.max(settings.l2, LEAST_L2),
    monotone,
    isBound: monotone.some((direction) => direction !== 0)
  })
  const trees: Array<BinnedTree> = []
  const validationLoss: Array<number> = []
  let best = { trees: 0, loss: judge?.loss() ?? 0 }
  let fruitless = 0
  const isSampled = settings.rowShare < 1 || settings.columnShare < 1
  while (trees.length < settings.trees) {
    writeGradients(gradients, logOdds, labels, weights, largest)
    chooseColumns(chosen, settings.columnShare, random)
    const inside = chooseRows(order, settings.rowShare, random)
    const tree = grow(order.subarray(0, inside), gradients, chosen, logOdds)
    if (tree.feature[0] === -1) {
      fruitless++
      if (!isSampled || fruitless === FRUITLESS) break
      continue
    }
    fruitless = 0
    trees.push(tree)
    if (inside < rows) addTree(tree, binned, logOdds, order, inside)
    onProgress?.(trees.length, settings.trees)
    if (judge === undefined) continue
    const loss = judge.add(tree)
    validationLoss.push(loss)
    if (loss < best.loss) best = { trees: trees.length, loss }
    else if (trees.length - best.trees >= settings.patience) break
  }
  const kept = judge === undefined ? trees : trees.slice(0, best.trees)
  return {
    model: {
      kind: "trees",
      features: dataset.names,
      base,
      trees:
        kept.length > 0
          ? kept.map((tree) => withThresholds(tree, binned))
          : [emptyLeaf],
      calibration: { slope: 1, intercept: 0 }
    },
    gains: gainsOf(kept, binned.features),
    validationLoss
  }
}

const checkValidation = (
  { names }: Dataset,
  validation: Dataset
): Result.Result<void, UnusableDataset> => {
  const isSame =
    validation.rows > 0 &&
    validation.names.length === names.length &&
    validation.columns.length === names.length &&
    validation.labels.length === validation.rows &&
    validation.columns.every((column) => column.length === validation.rows) &&
    validation.names.every((name, index) => name === names[index])
  return isSame
    ? Result.succeed(undefined)
    : Result.fail(
        new UnusableDataset({
          reason: "shape",
          detail: "The validation rows have no rows, or not the training's features."
        })
      )
}

const directions = (
  { names }: Dataset,
  wanted: Readonly<Record<string, 1 | -1>>
): Result.Result<Int8Array, UnusableDataset> => {
  const unknown = Object.keys(wanted).find((name) => !names.includes(name))
  return unknown === undefined
    ? Result.succeed(Int8Array.from(names, (name) => wanted[name] ?? 0))
    : Result.fail(
        new UnusableDataset({
          reason: "option",
          detail: `monotone names ${unknown}, which is no feature.`
        })
      )
}

/** Log odds of the mean label, a 32-bit float. */
const baseOf = (labels: Uint8Array, weights: Float32Array | undefined): number => {
  // Each by itself: beside a large sum a small one would be rounded away.
  const sums = [0, 0]
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] ?? 0
    sums[label] = (sums[label] ?? 0) + (weights?.[row] ?? 1)
  }
  const [zeros = 0, ones = 0] = sums
  return Math.fround(Math.log(ones / zeros))
}
