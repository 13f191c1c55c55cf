import { floatTensor } from "@analytics/ml-models/onnx/tensors"
import { writeOnnx } from "@analytics/ml-models/onnx/writeOnnx"

/** A file of ONNX for the samples: rows of two numbers `x` become `y`, twice as large. */
export const sampleModel = (): Uint8Array =>
  writeOnnx({
    irVersion: 10,
    opsets: { "": 21 },
    producer: { name: "samples", version: "1" },
    metadata: {},
    graph: {
      name: "twice",
      nodes: [{ op: "Mul", inputs: ["x", "factor"], outputs: ["y"] }],
      initializers: [floatTensor("factor", [], [2])],
      inputs: [{ name: "x", type: "float", shape: ["N", 2] }],
      outputs: [{ name: "y", type: "float", shape: ["N", 2] }]
    }
  })

if (import.meta.main) await Bun.write(Bun.stdout, sampleModel())
