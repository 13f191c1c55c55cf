import type { LinearModel } from "../train/LinearModel.ts"
import type { TreeEnsemble } from "../train/TreeEnsemble.ts"
import { linearContributions } from "./linearContributions.ts"
import type { OnnxNode, OnnxTensor } from "./OnnxModel.ts"
import { floatTensor, int64Tensor } from "./tensors.ts"
import { treeContributions } from "./treeContributions.ts"
import { writeOnnx } from "./writeOnnx.ts"

/** Nodes that make `added`, floats [N, F], of `features`: what each adds to the log odds. */
export interface ContributionsGraph {
  readonly nodes: ReadonlyArray<OnnxNode>
  readonly initializers: ReadonlyArray<OnnxTensor>
  /** Version of `ai.onnx.ml`, where it is used. */
  readonly ml?: number
  /** What every row has. */
  readonly base: number
}

/**
 * A trained model as a file of ONNX.
 *
 * - input `features`: floats [N, F] in the order of `model.features`; NaN is missing
 * - output `probability`: floats [N, 1], calibrated
 * - output `contributions`: floats [N, F + 1]: what each feature adds to the log odds of
 *   `probability`, and last what every row has; a row's sum is these log odds
 *
 * One tree ensemble with a target for each feature gives both outputs. It takes a quarter
 * longer than one that knows the sum alone; with both in the file the runtime computes
 * both, whatever is asked for, and takes twice as long (README).
 *
 * The names of features are JSON in the metadata `features`; `metadata` goes beside them.
 */
export const modelToOnnx = (
  model: TreeEnsemble | LinearModel,
  metadata: Readonly<Record<string, string>> = {}
): Uint8Array => {
  const { base, initializers, ml, nodes } =
    model.kind === "trees" ? treeContributions(model) : linearContributions(model)
  return writeOnnx({
    irVersion: 10,
    opsets: { "": 21, ...(ml !== undefined && { "ai.onnx.ml": ml }) },
    producer: { name: "analytics", version: "1" },
    metadata: {
      ...metadata,
      features: JSON.stringify(model.features),
      kind: model.kind
    },
    graph: {
      name: model.kind,
      nodes: [
        ...nodes,
        // The operator's own base values do not reach a target that no leaf names.
        {
          op: "Pad",
          inputs: ["added", "one_column", "base"],
          outputs: ["contributions"]
        },
        {
          op: "ReduceSum",
          inputs: ["contributions", "last_axis"],
          outputs: ["log_odds"],
          attributes: { keepdims: { int: 1 } }
        },
        { op: "Sigmoid", inputs: ["log_odds"], outputs: ["probability"] }
      ],
      initializers: [
        ...initializers,
        floatTensor("base", [], [base]),
        int64Tensor("one_column", [4], [0, 0, 0, 1]),
        int64Tensor("last_axis", [1], [1])
      ],
      inputs: [
        { name: "features", type: "float", shape: ["N", model.features.length] }
      ],
      outputs: [
        { name: "probability", type: "float", shape: ["N", 1] },
        {
          name: "contributions",
          type: "float",
          shape: ["N", model.features.length + 1]
        }
      ]
    }
  })
}
