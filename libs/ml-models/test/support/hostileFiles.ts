import { modelToOnnx } from "../../src/onnx/modelToOnnx.ts"
import type { OnnxAttribute, OnnxNode, OnnxTensor } from "../../src/onnx/OnnxModel.ts"
import { int64Tensor } from "../../src/onnx/tensors.ts"
import { writeOnnx } from "../../src/onnx/writeOnnx.ts"
import type { TreeEnsemble } from "../../src/train/TreeEnsemble.ts"
import { greedyFile } from "./greedyFile.ts"
import { addModel, denseModel, endlessModel, identityModel } from "./models.ts"

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
const drawsOf = (seed: number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const trees: TreeEnsemble = {
  kind: "trees",
  features: ["a", "b"],
  base: -1,
  trees: Array.from({ length: 10 }, (_, n) => ({
    feature: [n % 2, -1, -1],
    threshold: [n / 10, 0, 0],
    left: [1, 0, 0],
    right: [2, 0, 0],
    missingLeft: [n % 3 === 0, false, false],
    value: [0, 0.1, -0.1]
  })),
  calibration: { slope: 1, intercept: 0 }
}

const valid = [
  modelToOnnx(trees),
  addModel(),
  denseModel(8, 3),
  endlessModel(3n),
  identityModel("string"),
  identityModel("int64")
]

/** Operators that make much of little, or read what they are told by attributes. */
const operators: ReadonlyArray<readonly [string, string]> = [
  ["", "ConstantOfShape"],
  ["", "Expand"],
  ["", "Tile"],
  ["", "Range"],
  ["", "EyeLike"],
  ["", "Pad"],
  ["", "Resize"],
  ["", "OneHot"],
  ["", "Einsum"],
  ["", "ConvTranspose"],
  ["", "RandomNormal"],
  ["", "LSTM"],
  ["", "Gather"],
  ["", "Reshape"],
  ["", "Split"],
  ["", "Loop"],
  ["", "NoSuchOperator"],
  ["evil.example", "Shell"],
  ["com.microsoft", "EPContext"],
  ["ai.onnx.ml", "TreeEnsembleRegressor"],
  ["ai.onnx.ml", "SVMRegressor"],
  ["ai.onnx.ml", "TfIdfVectorizer"]
]
const sizes = [0n, 1n, -1n, 3n, 1000n, 2n ** 31n, 2n ** 40n, 2n ** 62n, -(2n ** 63n)]

/** A file that was meant ill: a damaged one, or one that asks for what it should not. */
export const hostileFile = (seed: number): Uint8Array => {
  const draw = drawsOf(seed)
  const below = (most: number) => Math.floor(draw() * most)
  const kind = draw()
  return kind < 0.25 ? greedyFile(below) : kind < 0.5 ? composed(below) : damaged(below)
}

const damaged = (below: (most: number) => number): Uint8Array => {
  let file: Uint8Array = Uint8Array.from(valid[below(valid.length)] ?? [])
  for (let times = 1 + below(3); times > 0; times--) {
    const at = below(file.length)
    const kind = below(6)
    if (kind === 0) file[at] = below(256)
    else if (kind === 1)
      for (let n = 0; n < 8; n++) file[below(file.length)] = below(256)
    else if (kind === 2) file = file.slice(0, at)
    else if (kind === 3) file.fill(0xff, at, at + 1 + below(9))
    else if (kind === 4) {
      const other = valid[below(valid.length)] ?? file
      file = joined(file.subarray(0, at), other.subarray(below(other.length)))
    } else {
      const part = file.slice(at, at + below(64))
      file = joined(file.subarray(0, at), part, file.subarray(at))
    }
  }
  return file
}

const composed = (below: (most: number) => number): Uint8Array => {
  const size = () => sizes[below(sizes.length)] ?? 0n
  const shape = () => Array.from({ length: below(4) }, size)
  const nodes = Array.from({ length: 1 + below(3) }, (_, n): OnnxNode => {
    const [domain, op] = operators[below(operators.length)] ?? ["", "Identity"]
    const inputs = ["x", "s0", "s1", `y${n - 1}`].slice(below(3), 1 + below(4))
    const attributes: Record<string, OnnxAttribute> = {}
    const given: ReadonlyArray<readonly [string, OnnxAttribute]> = [
      ["shape", { ints: shape() }],
      ["pads", { ints: shape() }],
      ["kernel_shape", { ints: shape() }],
      ["strides", { ints: shape() }],
      ["hidden_size", { int: size() }],
      ["n_targets", { int: size() }],
      ["nodes_featureids", { ints: shape() }],
      ["equation", { string: "ij,jk->ik" }]
    ]
    for (const [name, said] of given) if (below(4) === 0) attributes[name] = said
    return { domain, op, inputs, outputs: [`y${n}`], attributes }
  })
  const constant = (name: string): OnnxTensor => {
    const values = shape()
    const claimed = below(3) === 0 ? Number(size()) : values.length
    return { ...int64Tensor(name, [values.length], values), dims: [claimed] }
  }
  return writeOnnx({
    irVersion: below(20),
    opsets: {
      "": 1 + below(30),
      "ai.onnx.ml": 3,
      "com.microsoft": 1,
      "evil.example": 1
    },
    graph: {
      name: "composed",
      nodes,
      initializers: [constant("s0"), constant("s1")],
      inputs: [
        { name: "x", type: below(2) === 0 ? "float" : "int64", shape: ["N", 2] }
      ],
      outputs: [{ name: `y${nodes.length - 1}`, type: "float" }]
    }
  })
}

const joined = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
