import { encodeRequest } from "@analytics/inference-protocol/InferRequest"
import { headerLengthName } from "@analytics/inference-protocol/message"
import { fromTypedArray } from "@analytics/inference-protocol/TensorValues"
import type { Form } from "@analytics/inference-protocol/writeTensor"
import type { Signature } from "@analytics/ml-inference/execution/Executors"
import { modelToOnnx } from "@analytics/ml-models/onnx/modelToOnnx"
import { floatTensor } from "@analytics/ml-models/onnx/tensors"
import { writeOnnx } from "@analytics/ml-models/onnx/writeOnnx"
import type { Tree } from "@analytics/ml-models/train/TreeEnsemble"
import { Result } from "effect"

/** The same numbers in every run, from −0.5 to 0.5. */
const drawn = () => {
  let seed = 42
  return () => {
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647 - 0.5
  }
}

const features = 20

/** A tree of this depth in which every leaf is as deep. */
const tree = (depth: number, random: () => number): Tree => {
  const inner = 2 ** depth - 1
  const nodes = Array.from({ length: 2 * inner + 1 }, (_, n) => n)
  const isInner = (node: number) => node < inner
  return {
    feature: nodes.map((n) =>
      isInner(n) ? Math.floor((random() + 0.5) * features) % features : -1
    ),
    threshold: nodes.map((n) => (isInner(n) ? Math.fround(random()) : 0)),
    left: nodes.map((n) => (isInner(n) ? 2 * n + 1 : 0)),
    right: nodes.map((n) => (isInner(n) ? 2 * n + 2 : 0)),
    missingLeft: nodes.map(() => true),
    value: nodes.map(() => Math.fround(random() / 10))
  }
}

const trees = (): Uint8Array => {
  const random = drawn()
  return modelToOnnx({
    kind: "trees",
    features: Array.from({ length: features }, (_, n) => `f${n}`),
    base: -1,
    trees: Array.from({ length: 100 }, () => tree(4, random)),
    calibration: { slope: 1, intercept: 0 }
  })
}

const width = 512
const layers = 3

const dense = (): Uint8Array => {
  const random = drawn()
  const of = (layer: number) =>
    layer === 0 ? "x" : layer === layers ? "y" : `h${layer}`
  const numbers = Array.from({ length: layers }, (_, layer) => layer)
  return writeOnnx({
    irVersion: 8,
    opsets: { "": 17 },
    graph: {
      name: "dense",
      nodes: numbers.flatMap((layer) => [
        { op: "MatMul", inputs: [of(layer), `w${layer}`], outputs: [`m${layer}`] },
        { op: "Relu", inputs: [`m${layer}`], outputs: [of(layer + 1)] }
      ]),
      initializers: numbers.map((layer) =>
        floatTensor(
          `w${layer}`,
          [width, width],
          Float32Array.from({ length: width * width }, () => random() / 10)
        )
      ),
      inputs: [{ name: "x", type: "float", shape: ["N", width] }],
      outputs: [{ name: "y", type: "float", shape: ["N", width] }]
    }
  })
}

/** One request asks for one row of it, and for the one output that an application wants. */
export interface BenchModel {
  readonly name: string
  readonly make: () => Uint8Array
  readonly input: { readonly name: string; readonly width: number }
  readonly output: { readonly name: string; readonly width: number }
  readonly form: Form
}

export const models: ReadonlyArray<BenchModel> = [
  {
    name: "trees",
    make: trees,
    input: { name: "features", width: features },
    output: { name: "probability", width: 1 },
    form: "json"
  },
  {
    name: "dense",
    make: dense,
    input: { name: "x", width },
    output: { name: "y", width },
    form: "binary"
  }
]

export const signatureOf = ({ input, output }: BenchModel): Signature => ({
  inputs: [{ name: input.name, datatype: "FP32", shape: [-1, input.width] }],
  outputs: [{ name: output.name, datatype: "FP32", shape: [-1, output.width] }]
})

export const rowOf = ({ input }: BenchModel): Float32Array =>
  Float32Array.from({ length: input.width }, (_, n) => Math.fround(n / 100 - 0.1))

/** The bytes of a whole HTTP request for one row. */
export const requestOf = (
  { input, name, output }: BenchModel,
  served: string,
  form: Form
): Uint8Array => {
  const row = rowOf({ name, input, output, form, make: trees })
  const { body, headerLength } = Result.getOrThrow(
    encodeRequest(
      {
        inputs: [fromTypedArray(input.name, [1, input.width], row)],
        outputs: [{ name: output.name, form }]
      },
      form
    )
  )
  const head = [
    `POST /v2/models/${served}/infer HTTP/1.1`,
    "Host: bench",
    "Authorization: Bearer bench",
    `Content-Length: ${body.length}`,
    ...(headerLength === undefined
      ? ["Content-Type: application/json"]
      : [
          "Content-Type: application/octet-stream",
          `${headerLengthName}: ${headerLength}`
        ])
  ]
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), Buffer.from(body)])
}
