import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ElementType } from "@analytics/ml-models/onnx/ElementType"
import type { OnnxGraph } from "@analytics/ml-models/onnx/OnnxModel"
import { floatTensor, int64Tensor } from "@analytics/ml-models/onnx/tensors"
import { writeOnnx } from "@analytics/ml-models/onnx/writeOnnx"
import { Effect } from "effect"

const modelOf = (graph: Omit<OnnxGraph, "name">): Uint8Array =>
  writeOnnx({ irVersion: 8, opsets: { "": 17 }, graph: { name: "test", ...graph } })

/** y = x, of any type and shape. */
export const identity = (
  type: ElementType,
  shape: ReadonlyArray<number | string>
): Uint8Array =>
  modelOf({
    nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
    inputs: [{ name: "x", type, shape }],
    outputs: [{ name: "y", type, shape }]
  })

/** Nothing makes what its node takes. */
export const impossible: Uint8Array = modelOf({
  nodes: [{ op: "Mul", inputs: ["x", "nothing"], outputs: ["y"] }],
  inputs: [{ name: "x", type: "float", shape: ["N"] }],
  outputs: [{ name: "y", type: "float", shape: ["N"] }]
})

/** Names of its dimensions take two MiB as JSON. */
export const wordy: Uint8Array = modelOf({
  nodes: [{ op: "Identity", inputs: ["x0"], outputs: ["y"] }],
  inputs: Array.from({ length: 24 }, (_, n) => ({
    name: `x${n}`,
    type: "float",
    shape: Array.from({ length: 60 }, () => "\u0001".repeat(256))
  })),
  outputs: [{ name: "y", type: "float", shape: ["N"] }]
})

/** y = x · factor, over rows of `width` numbers. */
export const times = (factor: number, width = 2): Uint8Array =>
  modelOf({
    nodes: [{ op: "Mul", inputs: ["x", "factor"], outputs: ["y"] }],
    initializers: [floatTensor("factor", [], [factor])],
    inputs: [{ name: "x", type: "float", shape: ["N", width] }],
    outputs: [{ name: "y", type: "float", shape: ["N", width] }]
  })

/** Rows of two numbers become their sum and their difference, two outputs of one number. */
export const sumAndDifference: Uint8Array = modelOf({
  nodes: [
    { op: "MatMul", inputs: ["x", "plus"], outputs: ["sum"] },
    { op: "MatMul", inputs: ["x", "minus"], outputs: ["difference"] }
  ],
  initializers: [
    floatTensor("plus", [2, 1], [1, 1]),
    floatTensor("minus", [2, 1], [1, -1])
  ],
  inputs: [{ name: "x", type: "float", shape: ["N", 2] }],
  outputs: [
    { name: "sum", type: "float", shape: ["N", 1] },
    { name: "difference", type: "float", shape: ["N", 1] }
  ]
})

/** y = x less the mean of its column: every row of a run changes all others. */
export const centred: Uint8Array = modelOf({
  nodes: [
    {
      op: "ReduceMean",
      inputs: ["x"],
      outputs: ["mean"],
      attributes: { axes: { ints: [0] }, keepdims: { int: 1 } }
    },
    { op: "Sub", inputs: ["x", "mean"], outputs: ["y"] }
  ],
  inputs: [{ name: "x", type: "float", shape: ["N", 2] }],
  outputs: [{ name: "y", type: "float", shape: ["N", 2] }]
})

/** y = x in steps of a 255th of what the run spans, as a model quantized as it runs. */
export const quantized: Uint8Array = modelOf({
  nodes: [
    { op: "DynamicQuantizeLinear", inputs: ["x"], outputs: ["q", "scale", "zero"] },
    { op: "DequantizeLinear", inputs: ["q", "scale", "zero"], outputs: ["y"] }
  ],
  inputs: [{ name: "x", type: "float", shape: ["N", 2] }],
  outputs: [{ name: "y", type: "float", shape: ["N", 2] }]
})

/** y has as many elements as the one number in n says, 0.5 each: as large as one likes. */
export const large: Uint8Array = modelOf({
  nodes: [
    {
      op: "ConstantOfShape",
      inputs: ["n"],
      outputs: ["y"],
      attributes: { value: { tensor: floatTensor("", [1], [0.5]) } }
    }
  ],
  inputs: [{ name: "n", type: "int64", shape: [1] }],
  outputs: [{ name: "y", type: "float", shape: ["any"] }]
})

/** Asks for 4 TB by each run, in a few bytes. */
export const terabytes: Uint8Array = modelOf({
  nodes: [
    {
      op: "ConstantOfShape",
      inputs: ["n"],
      outputs: ["filled"],
      attributes: { value: { tensor: floatTensor("", [1], [0.5]) } }
    },
    {
      op: "ReduceSum",
      inputs: ["filled"],
      outputs: ["sum"],
      attributes: { keepdims: { int: 0 } }
    },
    { op: "Add", inputs: ["x", "sum"], outputs: ["y"] }
  ],
  initializers: [int64Tensor("n", [1], [1_000_000_000_000])],
  inputs: [{ name: "x", type: "float", shape: ["N", 2] }],
  outputs: [{ name: "y", type: "float", shape: ["N", 2] }]
})

/** Turns in a loop 2^62 times while x[0] is more than 0; else y = x at once. */
export const endless: Uint8Array = modelOf({
  nodes: [
    {
      op: "ReduceMax",
      inputs: ["x"],
      outputs: ["largest"],
      attributes: { keepdims: { int: 0 } }
    },
    { op: "Greater", inputs: ["largest", "zero"], outputs: ["turn"] },
    {
      op: "Loop",
      inputs: ["turns", "turn", "x"],
      outputs: ["y"],
      attributes: {
        body: {
          graph: {
            name: "body",
            nodes: [
              { op: "Identity", inputs: ["on"], outputs: ["still"] },
              { op: "Identity", inputs: ["before"], outputs: ["after"] }
            ],
            inputs: [
              { name: "turn_number", type: "int64", shape: [] },
              { name: "on", type: "bool", shape: [] },
              { name: "before", type: "float" }
            ],
            outputs: [
              { name: "still", type: "bool", shape: [] },
              { name: "after", type: "float" }
            ]
          }
        }
      }
    }
  ],
  initializers: [floatTensor("zero", [], [0]), int64Tensor("turns", [], [2n ** 62n])],
  inputs: [{ name: "x", type: "float", shape: ["N", 2] }],
  outputs: [{ name: "y", type: "float", shape: ["N", 2] }]
})

/** Refuses the rows whose first number is no index of three: an error of the run. */
export const picky: Uint8Array = modelOf({
  nodes: [{ op: "Gather", inputs: ["table", "x"], outputs: ["y"] }],
  initializers: [floatTensor("table", [3], [10, 20, 30])],
  inputs: [{ name: "x", type: "int64", shape: ["N"] }],
  outputs: [{ name: "y", type: "float", shape: ["N"] }]
})

/** `layers` of `width` × `width` with Relu between them. */
export const dense = (width: number, layers: number): Uint8Array => {
  let seed = 1
  const random = () => {
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647 - 0.5
  }
  const of = (layer: number) =>
    layer === 0 ? "x" : layer === layers ? "y" : `h${layer}`
  const numbers = Array.from({ length: layers }, (_, layer) => layer)
  return modelOf({
    nodes: numbers.flatMap((layer) => [
      { op: "MatMul", inputs: [of(layer), `w${layer}`], outputs: [`m${layer}`] },
      { op: "Relu", inputs: [`m${layer}`], outputs: [of(layer + 1)] }
    ]),
    initializers: numbers.map((layer) =>
      floatTensor(
        `w${layer}`,
        [width, width],
        Float32Array.from({ length: width * width }, () => random() / Math.sqrt(width))
      )
    ),
    inputs: [{ name: "x", type: "float", shape: ["N", width] }],
    outputs: [{ name: "y", type: "float", shape: ["N", width] }]
  })
}

/** A folder with these files, removed with the scope; gives their paths. */
export const onDisk = <Name extends string>(
  files: Readonly<Record<Name, Uint8Array>>
) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "analytics-models-"))),
      (it) => Effect.promise(() => rm(it, { recursive: true, force: true }))
    )
    const path = (name: Name) => join(folder, `${name}.onnx`)
    for (const name in files)
      yield* Effect.promise(() => Bun.write(path(name), files[name]))
    return path
  })

/** What the datatypes of the protocol are called in ONNX; the runtime takes no BF16. */
const typesOfProtocol: Readonly<Record<string, ElementType>> = {
  BOOL: "bool",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  FP32: "float",
  FP64: "double",
  BYTES: "string"
}

/** Every datatype there is, each named as it is called: `out_FP32` is `FP32`, and so on. */
export const everyDatatype: Uint8Array = modelOf({
  nodes: Object.keys(typesOfProtocol).map((name) => ({
    op: "Identity",
    inputs: [name],
    outputs: [`out_${name}`]
  })),
  inputs: Object.entries(typesOfProtocol).map(([name, type]) => ({
    name,
    type,
    shape: [`${name}_rows`, 2]
  })),
  outputs: Object.entries(typesOfProtocol).map(([name, type]) => ({
    name: `out_${name}`,
    type,
    shape: [`${name}_rows`, 2]
  }))
})
