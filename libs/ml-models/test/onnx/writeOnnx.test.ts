import { describe, expect, it } from "bun:test"
import { InferenceSession, Tensor } from "onnxruntime-node"
import { writeOnnx } from "../../src/onnx/writeOnnx.ts"
import {
  addModel,
  denseModel,
  endlessModel,
  hungryModel,
  identityModel,
  timesModel
} from "../support/models.ts"

const run = async (bytes: Uint8Array, inputs: Record<string, Tensor>) => {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 })
  try {
    return await session.run(inputs)
  } finally {
    await session.release()
  }
}
const floats = (values: ReadonlyArray<number>, dims: ReadonlyArray<number>) =>
  new Tensor("float32", Float32Array.from(values), dims)

/** Elements, of which onnxruntime's types say less than they could. */
const elements = (tensor: Tensor | undefined): ReadonlyArray<unknown> =>
  tensor === undefined ? [] : Array.from<unknown>(tensor.data)

describe("writeOnnx", () => {
  it("writes files that onnxruntime runs", async () => {
    const added = await run(addModel(), {
      a: floats([1, 2], [1, 2]),
      b: floats([3, 4], [1, 2])
    })
    expect(elements(added["sum"])).toEqual([4, 6])
    const times = await run(timesModel(3), { x: floats([1, 2], [2, 1]) })
    expect(elements(times["y"])).toEqual([3, 6])
    const dense = await run(denseModel(16, 3), {
      x: floats(Array(32).fill(1), [2, 16])
    })
    expect(dense["y"]?.dims).toEqual([2, 16])
  })

  it("writes strings and every number type that Identity takes", async () => {
    const text = await run(identityModel("string", [1]), {
      x: new Tensor("string", ["ä", ""], [2, 1])
    })
    expect(elements(text["y"])).toEqual(["ä", ""])
    const long = await run(identityModel("int64", [1]), {
      x: new Tensor("int64", BigInt64Array.of(2n ** 62n + 1n), [1, 1])
    })
    expect(elements(long["y"])).toEqual([2n ** 62n + 1n])
    const types = [
      "bool",
      "uint8",
      "uint16",
      "uint32",
      "uint64",
      "int8",
      "int16"
    ] as const
    for (const type of [...types, "int32", "double", "float16"] as const) {
      const session = await InferenceSession.create(identityModel(type))
      expect(session.inputNames).toEqual(["x"])
      await session.release()
    }
  })

  it("writes subgraphs, and models that ask for what they are told to", async () => {
    const looped = await run(endlessModel(5n), { x: floats([1], [1, 1]) })
    expect(elements(looped["y"])).toEqual([6])
    const asked = await run(hungryModel(3n), {
      n: new Tensor("int64", BigInt64Array.of(1n), [1])
    })
    expect(asked["y"]?.dims).toEqual([4])
  })

  it("says who made it", async () => {
    const bytes = writeOnnx({
      irVersion: 10,
      opsets: { "": 21, "ai.onnx.ml": 5 },
      producer: { name: "analytics", version: "1" },
      metadata: { features: '["a"]' },
      graph: {
        name: "g",
        nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
        inputs: [{ name: "x", type: "float" }],
        outputs: [{ name: "y", type: "float" }]
      }
    })
    const answer = await run(bytes, { x: floats([1], [1]) })
    expect(answer["y"]?.dims).toEqual([1])
  })
})
