import type { Tree, TreeEnsemble } from "../train/TreeEnsemble.ts"
import type { ContributionsGraph } from "./modelToOnnx.ts"
import type { OnnxAttribute } from "./OnnxModel.ts"

/**
 * The trees as one `TreeEnsembleRegressor` with a target for each feature: every leaf adds
 * to a feature what the mean changed by at the splits on it on the way there (Saabas). The
 * newer `TreeEnsemble` has one target a leaf and cannot do this.
 */
export const treeContributions = (model: TreeEnsemble): ContributionsGraph => {
  const features = model.features.length
  const { intercept, slope } = model.calibration
  const roots = model.trees.reduce((sum, { value }) => sum + (value[0] ?? 0), 0)
  const arrays = new TreeArrays()
  for (const tree of model.trees) if (!isLeaf(tree, 0)) arrays.add(tree, slope)
  // An operator without trees is refused.
  if (arrays.trees === 0) arrays.add(indifferent, slope)
  return {
    ml: 3,
    nodes: [
      {
        op: "TreeEnsembleRegressor",
        domain: "ai.onnx.ml",
        inputs: ["features"],
        outputs: ["added"],
        attributes: {
          ...arrays.attributes,
          n_targets: { int: features }
        }
      }
    ],
    initializers: [],
    base: slope * (model.base + roots) + intercept
  }
}

/** Attributes of the operator: parallel arrays by node, and by leaf and feature. */
class TreeArrays {
  trees = 0
  private readonly treeids: Array<number> = []
  private readonly nodeids: Array<number> = []
  private readonly featureids: Array<number> = []
  private readonly modes: Array<string> = []
  private readonly values: Array<number> = []
  private readonly trueids: Array<number> = []
  private readonly falseids: Array<number> = []
  private readonly missing: Array<number> = []
  private readonly targets = {
    treeids: [] as number[],
    nodeids: [] as number[],
    ids: [] as number[],
    weights: [] as number[]
  }

  add(tree: Tree, slope: number) {
    for (const node of tree.feature.keys()) {
      const leaf = isLeaf(tree, node)
      this.treeids.push(this.trees)
      this.nodeids.push(node)
      this.featureids.push(leaf ? 0 : (tree.feature[node] ?? 0))
      this.modes.push(leaf ? "LEAF" : "BRANCH_LEQ")
      this.values.push(leaf ? 0 : Math.fround(tree.threshold[node] ?? 0))
      this.trueids.push(leaf ? 0 : (tree.left[node] ?? 0))
      this.falseids.push(leaf ? 0 : (tree.right[node] ?? 0))
      this.missing.push(tree.missingLeft[node] === true && !leaf ? 1 : 0)
    }
    this.leaves(tree, 0, slope, new Map())
    this.trees++
  }

  get attributes(): Record<string, OnnxAttribute> {
    const { targets } = this
    return {
      nodes_treeids: { ints: this.treeids },
      nodes_nodeids: { ints: this.nodeids },
      nodes_featureids: { ints: this.featureids },
      nodes_modes: { strings: this.modes },
      nodes_values: { floats: this.values },
      nodes_truenodeids: { ints: this.trueids },
      nodes_falsenodeids: { ints: this.falseids },
      nodes_missing_value_tracks_true: { ints: this.missing },
      target_treeids: { ints: targets.treeids },
      target_nodeids: { ints: targets.nodeids },
      target_ids: { ints: targets.ids },
      target_weights: { floats: targets.weights },
      aggregate_function: { string: "SUM" },
      post_transform: { string: "NONE" }
    }
  }

  /** `so`: what each feature added on the way to this node. */
  private leaves(
    tree: Tree,
    node: number,
    slope: number,
    so: ReadonlyMap<number, number>
  ) {
    if (isLeaf(tree, node)) {
      for (const [feature, added] of so) {
        this.targets.treeids.push(this.trees)
        this.targets.nodeids.push(node)
        this.targets.ids.push(feature)
        this.targets.weights.push(Math.fround(slope * added))
      }
      return
    }
    const by = tree.feature[node] ?? 0
    for (const child of [tree.left[node] ?? 0, tree.right[node] ?? 0]) {
      const change = (tree.value[child] ?? 0) - (tree.value[node] ?? 0)
      this.leaves(tree, child, slope, new Map(so).set(by, (so.get(by) ?? 0) + change))
    }
  }
}

const isLeaf = (tree: Tree, node: number) => (tree.feature[node] ?? -1) < 0

/** A split after which nothing has changed. */
const indifferent: Tree = {
  feature: [0, -1, -1],
  threshold: [0, 0, 0],
  left: [1, 0, 0],
  right: [2, 0, 0],
  missingLeft: [false, false, false],
  value: [0, 0, 0]
}
