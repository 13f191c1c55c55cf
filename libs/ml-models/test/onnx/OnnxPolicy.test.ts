import { expect, it } from "bun:test"
import { InferenceSession } from "onnxruntime-node"
import type { OnnxNode } from "../../src/onnx/OnnxModel.ts"
import { defaultOnnxPolicy } from "../../src/onnx/OnnxPolicy.ts"
import { writeOnnx } from "../../src/onnx/writeOnnx.ts"

const loads = async (
  irVersion: number,
  opsets: Readonly<Record<string, number>>,
  node: Pick<OnnxNode, "op" | "domain"> = { op: "Identity" }
) => {
  const file = writeOnnx({
    irVersion,
    opsets,
    graph: {
      name: "g",
      nodes: [{ ...node, inputs: ["x"], outputs: ["y"] }],
      inputs: [{ name: "x", type: "float", shape: ["N", 1] }],
      outputs: [{ name: "y", type: "float", shape: ["N", 1] }]
    }
  })
  try {
    const options = { logSeverityLevel: 4 } as const
    await (await InferenceSession.create(file, options)).release()
    return true
  } catch {
    return false
  }
}

it("allows the newest versions that the runtime reads, and no newer ones", async () => {
  const { irVersion, opsets } = defaultOnnxPolicy
  const onnx = opsets["ai.onnx"] ?? 0
  const ml = opsets["ai.onnx.ml"] ?? 0
  const microsoft = opsets["com.microsoft"] ?? 0
  const normalizer = { op: "Normalizer", domain: "ai.onnx.ml" }
  const gelu = { op: "Gelu", domain: "com.microsoft" }
  expect([
    await loads(irVersion, { "": onnx }),
    await loads(10, { "": onnx, "ai.onnx.ml": ml }, normalizer),
    await loads(10, { "": onnx, "com.microsoft": microsoft }, gelu)
  ]).toEqual([true, true, true])
  expect([
    await loads(irVersion + 1, { "": onnx }),
    await loads(10, { "": onnx + 1 }),
    await loads(10, { "": onnx, "ai.onnx.ml": ml + 1 }, normalizer),
    await loads(10, { "": onnx, "com.microsoft": microsoft + 1 }, gelu)
  ]).toEqual([false, false, false, false])
})
