import type { Datatype, Tensor } from "@analytics/inference-protocol/Tensor"
import {
  fromTypedArray,
  typedArrayOf
} from "@analytics/inference-protocol/TensorValues"
import { InferenceSession, Tensor as RuntimeTensor } from "onnxruntime-node"
import { fetched, installed } from "./catalogue.ts"

/**
 * `bun bareRuntime.ts <file> <name>`: asks onnxruntime the steps of one model, with nothing
 * of the service around it. Writes for each step its outputs, as JSON with bytes in hex.
 */
const asked: Partial<Record<Datatype, "float32" | "int64">> = {
  FP32: "float32",
  INT64: "int64"
}

const toRuntime = (tensor: Tensor): RuntimeTensor => {
  const type = asked[tensor.datatype]
  const data = typedArrayOf(tensor)
  if (type === "float32" && data instanceof Float32Array)
    return new RuntimeTensor(type, data, tensor.shape)
  if (type === "int64" && data instanceof BigInt64Array)
    return new RuntimeTensor(type, data, tensor.shape)
  throw new Error(`no model here takes ${tensor.datatype}`)
}

const [file = "", name = ""] = process.argv.slice(2)
const model = [...installed, ...fetched].find((it) => it.name === name)
// One thread, as executors have: with more, sums are of another order.
const session = await InferenceSession.create(file, {
  intraOpNumThreads: 1,
  logSeverityLevel: 3
})
const steps: Array<ReadonlyArray<object>> = []
let outputs: ReadonlyArray<Tensor> = []
for (const step of model?.steps ?? []) {
  const feeds = step(outputs).map((tensor) => [tensor.name, toRuntime(tensor)] as const)
  const results = await session.run(Object.fromEntries(feeds))
  outputs = Object.entries(results).map(([output, { data, dims }]) => {
    if (!(data instanceof Float32Array)) throw new Error(`${output} is no float`)
    return fromTypedArray(output, dims, data)
  })
  steps.push(
    outputs.map((tensor) => ({
      ...tensor,
      bytes: Buffer.from(tensor.bytes).toString("hex")
    }))
  )
}
process.stdout.write(JSON.stringify(steps))
