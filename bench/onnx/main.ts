import { modelToOnnx } from "@analytics/ml-models/onnx/modelToOnnx"
import type { OnnxNode } from "@analytics/ml-models/onnx/OnnxModel"
import { score } from "@analytics/ml-models/onnx/score"
import { floatTensor } from "@analytics/ml-models/onnx/tensors"
import { treeContributions } from "@analytics/ml-models/onnx/treeContributions"
import { writeOnnx } from "@analytics/ml-models/onnx/writeOnnx"
import type { Tree, TreeEnsemble } from "@analytics/ml-models/train/TreeEnsemble"
import { InferenceSession, Tensor } from "onnxruntime-node"

/**
 * What contributions cost: a trained model as it is exported, beside files that know the
 * probability alone, and one that has both ensembles. Raw `session.run`, one thread.
 */
const FEATURES = 20
const DEPTH = 6
const TREES = 200

let state = 7
const random = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32
}

const fullTree = (): Tree => {
  const inner = 2 ** DEPTH - 1
  const nodes = Array.from({ length: 2 * inner + 1 }, (_, node) => node)
  const isLeaf = (node: number) => node >= inner
  return {
    feature: nodes.map((node) => (isLeaf(node) ? -1 : Math.floor(random() * FEATURES))),
    threshold: nodes.map(() => Math.fround(random())),
    left: nodes.map((node) => (isLeaf(node) ? 0 : 2 * node + 1)),
    right: nodes.map((node) => (isLeaf(node) ? 0 : 2 * node + 2)),
    missingLeft: nodes.map(() => random() < 0.5),
    value: nodes.map(() => Math.fround(random() * 0.1 - 0.05))
  }
}

const model: TreeEnsemble = {
  kind: "trees",
  features: Array.from({ length: FEATURES }, (_, n) => `feature ${n}`),
  base: -1,
  trees: Array.from({ length: TREES }, fullTree),
  calibration: { slope: 1, intercept: 0 }
}

const fileOf = (
  ml: number,
  nodes: ReadonlyArray<OnnxNode>,
  outputs: ReadonlyArray<string>
) =>
  writeOnnx({
    irVersion: 10,
    opsets: { "": 21, "ai.onnx.ml": ml },
    graph: {
      name: "bench",
      nodes,
      inputs: [{ name: "features", type: "float", shape: ["N", FEATURES] }],
      outputs: outputs.map((name) => ({ name, type: "float", shape: ["N", "K"] }))
    }
  })

const sigmoid: OnnxNode = { op: "Sigmoid", inputs: ["sum"], outputs: ["probability"] }

/** The older operator with one target: each leaf's value. */
const sumOnly = (): OnnxNode => {
  const [node] = treeContributions(model).nodes
  const leaves = model.trees.flatMap(({ feature, value }, tree) =>
    feature.flatMap((by, at) => (by < 0 ? [{ tree, at, value: value[at] ?? 0 }] : []))
  )
  return {
    op: "TreeEnsembleRegressor",
    domain: "ai.onnx.ml",
    inputs: ["features"],
    outputs: ["sum"],
    attributes: {
      ...node?.attributes,
      n_targets: { int: 1 },
      target_treeids: { ints: leaves.map(({ tree }) => tree) },
      target_nodeids: { ints: leaves.map(({ at }) => at) },
      target_ids: { ints: leaves.map(() => 0) },
      target_weights: { floats: leaves.map(({ value }) => value) }
    }
  }
}

/** The newer operator, whose inner nodes and leaves are numbered apart. */
const newer = (): OnnxNode => {
  const inner = 2 ** DEPTH - 1
  const leaf = inner + 1
  const splits = model.trees.flatMap(({ threshold }) => threshold.slice(0, inner))
  const weights = model.trees.flatMap(({ value }) => value.slice(inner))
  const child = (side: "left" | "right") =>
    model.trees.flatMap((tree, n) =>
      tree[side]
        .slice(0, inner)
        .map((to) => (to < inner ? n * inner + to : n * leaf + to - inner))
    )
  const isLeaf = (side: "left" | "right") =>
    model.trees.flatMap((tree) =>
      tree[side].slice(0, inner).map((to) => (to < inner ? 0 : 1))
    )
  const modes = new Uint8Array(splits.length)
  return {
    op: "TreeEnsemble",
    domain: "ai.onnx.ml",
    inputs: ["features"],
    outputs: ["sum"],
    attributes: {
      n_targets: { int: 1 },
      aggregate_function: { int: 1 },
      post_transform: { int: 0 },
      tree_roots: { ints: model.trees.map((_, n) => n * inner) },
      nodes_featureids: {
        ints: model.trees.flatMap(({ feature }) => feature.slice(0, inner))
      },
      nodes_modes: {
        tensor: { name: "modes", type: "uint8", dims: [modes.length], data: modes }
      },
      nodes_splits: { tensor: floatTensor("splits", [splits.length], splits) },
      nodes_truenodeids: { ints: child("left") },
      nodes_falsenodeids: { ints: child("right") },
      nodes_trueleafs: { ints: isLeaf("left") },
      nodes_falseleafs: { ints: isLeaf("right") },
      nodes_missing_value_tracks_true: {
        ints: model.trees.flatMap(({ missingLeft }) =>
          missingLeft.slice(0, inner).map(Number)
        )
      },
      leaf_targetids: { ints: weights.map(() => 0) },
      leaf_weights: { tensor: floatTensor("weights", [weights.length], weights) }
    }
  }
}

const rowsOf = (rows: number) =>
  Float32Array.from({ length: rows * FEATURES }, () =>
    random() < 0.05 ? Number.NaN : random()
  )

const median = (values: ReadonlyArray<number>) =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

const measure = async (name: string, file: Uint8Array) => {
  const begin = performance.now()
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 })
  const load = performance.now() - begin
  const times: Array<string> = []
  for (const rows of [1, 32, 1000]) {
    const features = new Tensor("float32", rowsOf(rows), [rows, FEATURES])
    const took: Array<number> = []
    for (let run = 0; run < (rows === 1000 ? 100 : 2000); run++) {
      const before = performance.now()
      await session.run({ features }, ["probability"])
      took.push(performance.now() - before)
    }
    times.push(`${Math.round(median(took) * 1000)} µs`)
  }
  const size = `${Math.round(file.length / 1000)} kB, loaded in ${Math.round(load)} ms`
  process.stdout.write(`${name}: ${size}; 1 / 32 / 1000 rows: ${times.join(" / ")}\n`)
  await session.release()
}

/** How far the file is from the arithmetic that it repeats. */
const parity = async () => {
  const rows = 10_000
  const values = rowsOf(rows)
  const columns = model.features.map((_, feature) =>
    Float32Array.from(
      { length: rows },
      (_, row) => values[row * FEATURES + feature] ?? 0
    )
  )
  const said = score(model, { names: model.features, columns, rows })
  const session = await InferenceSession.create(modelToOnnx(model))
  const features = new Tensor("float32", values, [rows, FEATURES])
  const answer = await session.run({ features })
  const apart = (name: "probability" | "contributions") =>
    Array.from<number | bigint | string, number>(
      answer[name]?.data ?? [],
      Number
    ).reduce(
      (most, value, at) => Math.max(most, Math.abs(value - (said[name][at] ?? 0))),
      0
    )
  process.stdout.write(
    `apart from the plain scorer over ${rows} rows: probability ${apart("probability").toExponential(1)}, contributions ${apart("contributions").toExponential(1)}\n`
  )
  await session.release()
}

await measure(
  "probability alone, TreeEnsemble (ml 5)",
  fileOf(5, [newer(), sigmoid], ["probability"])
)
await measure(
  "probability alone, TreeEnsembleRegressor",
  fileOf(3, [sumOnly(), sigmoid], ["probability"])
)
await measure("as exported: probability of contributions", modelToOnnx(model))
await measure(
  "two ensembles, asked for the probability",
  fileOf(
    3,
    [sumOnly(), sigmoid, ...treeContributions(model).nodes],
    ["probability", "added"]
  )
)
await parity()
