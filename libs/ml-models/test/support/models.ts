import type { ElementType } from "../../src/onnx/ElementType.ts"
import type { OnnxModel } from "../../src/onnx/OnnxModel.ts"
import { boolTensor, floatTensor, int64Tensor } from "../../src/onnx/tensors.ts"
import { writeOnnx } from "../../src/onnx/writeOnnx.ts"

const base = { irVersion: 10, opsets: { "": 21 } } as const

/** `y` is `x`; both `["batch", ...shape]`. */
export const identityModel = (type: ElementType, shape: ReadonlyArray<number> = [3]) =>
  writeOnnx({
    ...base,
    graph: {
      name: "identity",
      nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
      inputs: [{ name: "x", type, shape: ["batch", ...shape] }],
      outputs: [{ name: "y", type, shape: ["batch", ...shape] }]
    }
  })

/** `sum` is `a` + `b`, all floats `["batch", columns]`. */
export const addModel = (columns = 2) =>
  writeOnnx({
    ...base,
    graph: {
      name: "add",
      nodes: [{ op: "Add", inputs: ["a", "b"], outputs: ["sum"] }],
      inputs: [
        { name: "a", type: "float", shape: ["batch", columns] },
        { name: "b", type: "float", shape: ["batch", columns] }
      ],
      outputs: [{ name: "sum", type: "float", shape: ["batch", columns] }]
    }
  })

/** `y` is `x` · `factor`, floats `["batch", 1]`: tells versions apart. */
export const timesModel = (factor: number) =>
  writeOnnx({
    ...base,
    graph: {
      name: "times",
      nodes: [{ op: "Mul", inputs: ["x", "factor"], outputs: ["y"] }],
      initializers: [floatTensor("factor", [], [factor])],
      inputs: [{ name: "x", type: "float", shape: ["batch", 1] }],
      outputs: [{ name: "y", type: "float", shape: ["batch", 1] }]
    }
  })

/**
 * A net of `layers` dense layers `width` × `width` with ReLU, always the same weights;
 * `x` and `y` are floats `["batch", width]`.
 */
export const denseModel = (width: number, layers: number) => {
  let state = 1
  const weight = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state / 2 ** 32 - 0.5) * Math.sqrt(12 / width)
  }
  const nodes = []
  const initializers = []
  for (let layer = 0; layer < layers; layer++) {
    const weights = Float32Array.from({ length: width * width }, weight)
    initializers.push(floatTensor(`w${layer}`, [width, width], weights))
    const input = layer === 0 ? "x" : `a${layer - 1}`
    const output = layer === layers - 1 ? "y" : `a${layer}`
    nodes.push({ op: "MatMul", inputs: [input, `w${layer}`], outputs: [`m${layer}`] })
    nodes.push({ op: "Relu", inputs: [`m${layer}`], outputs: [output] })
  }
  return writeOnnx({
    ...base,
    graph: {
      name: "dense",
      nodes,
      initializers,
      inputs: [{ name: "x", type: "float", shape: ["batch", width] }],
      outputs: [{ name: "y", type: "float", shape: ["batch", width] }]
    }
  })
}

/**
 * Asks for `elements` floats as soon as it is run. The size comes from the input `n`
 * (INT64 `[1]`), or is in the file when `elements` is given: then no constant is folded
 * away, because `n` is added to it.
 */
export const hungryModel = (elements: bigint = 2n ** 40n) =>
  writeOnnx({
    ...base,
    graph: {
      name: "hungry",
      nodes: [
        { op: "Add", inputs: ["n", "size"], outputs: ["wanted"] },
        { op: "ConstantOfShape", inputs: ["wanted"], outputs: ["y"] }
      ],
      initializers: [int64Tensor("size", [1], [elements])],
      inputs: [{ name: "n", type: "int64", shape: [1] }],
      outputs: [{ name: "y", type: "float", shape: ["n"] }]
    }
  })

/** The same, but wanted while the file is loaded: onnxruntime folds constants. */
export const hungryToLoadModel = (elements: bigint = 2n ** 40n) =>
  writeOnnx({
    ...base,
    graph: {
      name: "hungry",
      nodes: [
        { op: "ConstantOfShape", inputs: ["size"], outputs: ["many"] },
        { op: "ReduceSum", inputs: ["many"], outputs: ["total"] },
        { op: "Add", inputs: ["x", "total"], outputs: ["y"] }
      ],
      initializers: [int64Tensor("size", [1], [elements])],
      inputs: [{ name: "x", type: "float", shape: ["batch", 1] }],
      outputs: [{ name: "y", type: "float", shape: ["batch", 1] }]
    }
  })

/** Adds one to `x` (floats `["batch", 1]`) 2⁶³ − 1 times. */
export const endlessModel = (times: bigint = 2n ** 63n - 1n) => writeOnnx(loop(times))

const loop = (times: bigint): OnnxModel => ({
  ...base,
  graph: {
    name: "endless",
    nodes: [
      {
        op: "Loop",
        inputs: ["times", "go", "x"],
        outputs: ["y"],
        attributes: {
          body: {
            graph: {
              name: "body",
              nodes: [
                { op: "Identity", inputs: ["goes"], outputs: ["goes_on"] },
                { op: "Add", inputs: ["v", "one"], outputs: ["v_next"] }
              ],
              initializers: [floatTensor("one", [], [1])],
              inputs: [
                { name: "i", type: "int64", shape: [] },
                { name: "goes", type: "bool", shape: [] },
                { name: "v", type: "float", shape: ["batch", 1] }
              ],
              outputs: [
                { name: "goes_on", type: "bool", shape: [] },
                { name: "v_next", type: "float", shape: ["batch", 1] }
              ]
            }
          }
        }
      }
    ],
    initializers: [int64Tensor("times", [], [times]), boolTensor("go", true)],
    inputs: [{ name: "x", type: "float", shape: ["batch", 1] }],
    outputs: [{ name: "y", type: "float", shape: ["batch", 1] }]
  }
})
