import { describe, expect, it } from "bun:test"
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire"
import { Result } from "effect"
import { inspectOnnx } from "../../src/onnx/inspectOnnx.ts"
import type { OnnxGraph, OnnxModel, OnnxNode } from "../../src/onnx/OnnxModel.ts"
import { refusals } from "../../src/onnx/OnnxPolicy.ts"
import { int64Tensor } from "../../src/onnx/tensors.ts"
import { writeOnnx } from "../../src/onnx/writeOnnx.ts"
import {
  addModel,
  denseModel,
  endlessModel,
  hungryModel,
  hungryToLoadModel,
  identityModel
} from "../support/models.ts"

const read = (bytes: Uint8Array) => Result.getOrThrow(inspectOnnx(bytes))
const refused = (bytes: Uint8Array) => {
  const inspected = inspectOnnx(bytes)
  expect(Result.isFailure(inspected)).toBe(true)
  return Result.isFailure(inspected) ? inspected.failure.detail : ""
}
const modelOf = (
  nodes: ReadonlyArray<OnnxNode>,
  more: Partial<OnnxModel> = {},
  graph: Partial<OnnxGraph> = {}
) =>
  writeOnnx({
    irVersion: 10,
    opsets: { "": 21 },
    graph: {
      name: "g",
      nodes,
      inputs: [{ name: "x", type: "float", shape: ["batch", 1] }],
      outputs: [{ name: "y", type: "float" }],
      ...graph
    },
    ...more
  })
/** What is appended to a file is merged into its message. */
const merged = (bytes: Uint8Array, ...fields: ReadonlyArray<[number, Uint8Array]>) => {
  const writer = new BinaryWriter().raw(bytes)
  for (const [field, said] of fields) {
    writer.tag(field, WireType.LengthDelimited).bytes(said)
  }
  return writer.finish()
}
const message = (...fields: ReadonlyArray<[number, Uint8Array | string]>) => {
  const writer = new BinaryWriter()
  for (const [field, said] of fields) {
    writer.tag(field, WireType.LengthDelimited)
    if (typeof said === "string") writer.string(said)
    else writer.bytes(said)
  }
  return writer.finish()
}

describe("inspectOnnx", () => {
  it("tells what a file says of itself", () => {
    const said = read(
      modelOf([{ op: "Identity", inputs: ["x"], outputs: ["y"] }], {
        opsets: { "": 21, "ai.onnx.ml": 5 },
        producer: { name: "analytics", version: "7" },
        metadata: { features: '["a"]' }
      })
    )
    expect(said).toMatchObject({
      irVersion: 10,
      opsets: { "ai.onnx": 21, "ai.onnx.ml": 5 },
      producer: { name: "analytics", version: "7" },
      inputs: [{ name: "x", type: "float", shape: ["batch", 1] }],
      outputs: [{ name: "y", type: "float", shape: null }],
      operators: [{ domain: "ai.onnx", type: "Identity", count: 1 }],
      metadata: { features: '["a"]' }
    })
    expect(refusals(said)).toEqual([])
  })

  it("counts operators in bodies and constants with their sizes", () => {
    const endless = read(endlessModel())
    expect(endless.operators).toContainEqual({
      domain: "ai.onnx",
      type: "Add",
      count: 1
    })
    expect(endless.nodes).toBe(3)
    expect(endless.inputs.map(({ name }) => name)).toEqual(["x"])
    const dense = read(denseModel(16, 3))
    expect(dense.constants).toMatchObject({
      count: 3,
      bytes: 3072,
      declaredBytes: 3072
    })
    expect(dense.constants.largest[0]).toEqual({
      name: "w0",
      type: "float",
      shape: [16, 16],
      bytes: 1024
    })
  })

  it("leaves out inputs that have a value", () => {
    const said = read(
      modelOf(
        [],
        {},
        {
          initializers: [int64Tensor("k", [1], [1])],
          inputs: [
            { name: "x", type: "float" },
            { name: "k", type: "int64", shape: [1] }
          ]
        }
      )
    )
    expect(said.inputs.map(({ name }) => name)).toEqual(["x"])
  })
})

describe("refusals", () => {
  it("refuses operators of other domains, also deep in a branch", () => {
    const branch: OnnxGraph = {
      name: "b",
      nodes: [{ op: "Shell", domain: "evil", inputs: [], outputs: ["o"] }],
      inputs: [],
      outputs: [{ name: "o", type: "float" }]
    }
    const said = read(
      modelOf([
        {
          op: "If",
          inputs: ["c"],
          outputs: ["y"],
          attributes: { then_branch: { graph: branch } }
        }
      ])
    )
    expect(refusals(said)).toEqual([
      "It uses operators that are not served: evil.Shell."
    ])
    const context = modelOf([
      { op: "EPContext", domain: "com.microsoft", inputs: [], outputs: ["y"] }
    ])
    expect(refusals(read(context))).toHaveLength(1)
  })

  it("takes no name for another's", () => {
    const near = modelOf([
      { op: "Relu", domain: "\uFEFFai.onnx", inputs: ["x"], outputs: [] }
    ])
    expect(refusals(read(near))).toHaveLength(1)
    const nul = modelOf([
      { op: "Relu", domain: "ai.onnx\0", inputs: ["x"], outputs: [] }
    ])
    expect(read(nul).operators[0]?.domain).toBe("ai.onnx\uFFFD")
  })

  it("refuses what the runtime does not read", () => {
    const node = { op: "Identity", inputs: ["x"], outputs: ["y"] }
    expect(refusals(read(modelOf([node], { irVersion: 14 })))).toHaveLength(1)
    expect(refusals(read(modelOf([node], { opsets: { "": 27 } })))).toHaveLength(1)
    expect(refusals(read(modelOf([node], { opsets: { "": 21, unused: 99 } })))).toEqual(
      []
    )
  })

  it("refuses constants that are elsewhere, in attributes too", () => {
    const location = message([1, "location"], [2, "/etc/passwd"])
    const tensor = message([8, "w"], [13, location])
    const file = merged(identityModel("float"), [7, message([5, tensor])])
    expect(read(file).external).toEqual({ count: 1, locations: ["/etc/passwd"] })
    expect(refusals(read(file))[0]).toContain("/etc/passwd")
    const attribute = message([1, "value"], [5, tensor])
    const node = message([4, "Constant"], [5, attribute])
    const hidden = merged(identityModel("float"), [7, message([1, node])])
    expect(read(hidden).external.count).toBe(1)
  })

  it("refuses tensors that only claim to be large, and constant shapes that are", () => {
    const claimed = modelOf(
      [],
      {},
      {
        initializers: [
          {
            name: "w",
            type: "float",
            dims: [2 ** 20, 2 ** 20],
            data: new Uint8Array(4)
          }
        ]
      }
    )
    expect(refusals(read(claimed))[0]).toContain("constants take")
    expect(refusals(read(hungryToLoadModel()))[0]).toContain("makes a tensor")
    // What is made of an input cannot be told from the file.
    expect(refusals(read(hungryModel()))).toEqual([])
    const constant = { value_ints: { ints: [2 ** 20, 2 ** 20] } }
    const made = modelOf([
      { op: "Constant", inputs: [], outputs: ["s"], attributes: constant },
      { op: "Expand", inputs: ["x", "s"], outputs: ["y"] }
    ])
    expect(refusals(read(made))[0]).toContain("makes a tensor")
  })

  it("counts functions that call functions as often as they will run", () => {
    const called = (name: string) => message([4, name], [7, "own"])
    const functions: Array<[number, Uint8Array]> = []
    for (let level = 0; level < 60; level++) {
      const within = called(`f${level + 1}`)
      functions.push([
        25,
        message([7, within], [7, within], [1, `f${level}`], [10, "own"])
      ])
    }
    functions.push([25, message([7, message([4, "Relu"])], [1, "f60"], [10, "own"])])
    const bomb = merged(
      modelOf([{ op: "f0", domain: "own", inputs: ["x"], outputs: ["y"] }]),
      ...functions
    )
    expect(read(bomb).nodes).toBe(122)
    expect(refusals(read(bomb))).toEqual([
      `It has ${Number.MAX_SAFE_INTEGER} nodes; at most 200000 are served.`
    ])
    const round = merged(
      modelOf([{ op: "f", domain: "own", inputs: ["x"], outputs: ["y"] }]),
      [25, message([7, called("f")], [1, "f"], [10, "own"])]
    )
    expect(refusals(read(round))).toHaveLength(1)
  })
})

describe("hostile bytes", () => {
  it("are answered, not thrown", () => {
    refused(new Uint8Array())
    refused(new TextEncoder().encode("<html>no model</html>"))
    refused(new Uint8Array(1000).fill(0xff))
    const whole = addModel()
    expect(refused(whole.subarray(0, whole.length - 1))).toContain("longer")
    // A field that nobody asks for, at the end.
    const unknown = new BinaryWriter().raw(whole).tag(99, WireType.LengthDelimited)
    expect(refused(unknown.uint32(100).finish())).toContain("cut off")
    const own = Uint8Array.from(identityModel("float"))
    own.set(new TextEncoder().encode("ORTM"), 4)
    expect(refused(own)).toContain("onnxruntime's own")
    // A graph that says it is longer than the file.
    expect(
      refused(Uint8Array.of(0x08, 10, 0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f))
    ).toContain("longer")
    // A message whose last field reaches beyond it, into what follows.
    expect(refused(Uint8Array.of(0x08, 10, 0x3a, 2, 0x12, 1, 65, 65))).toContain(
      "cut off"
    )
  })

  it("are not followed deeper than the runtime would", () => {
    let graph = message([2, "innermost"])
    for (let level = 0; level < 40; level++) {
      graph = message([1, message([4, "If"], [5, message([6, graph])])])
    }
    const file = new BinaryWriter().tag(1, WireType.Varint).int64(10).finish()
    expect(refused(merged(file, [7, graph]))).toContain("nested")
    // Groups, which ONNX does not have, are skipped to a depth alone.
    expect(refused(new Uint8Array(100_000).fill(0x0b))).toContain("damaged")
  })

  it("of millions of parts are refused or counted", () => {
    const node = merged(new Uint8Array(), [1, message([4, "A"])])
    const nodes = new BinaryWriter()
    for (let n = 0; n < 250_000; n++) nodes.raw(node)
    const file = new BinaryWriter().tag(1, WireType.Varint).int64(10).finish()
    const many = merged(file, [7, nodes.finish()])
    expect(read(many).nodes).toBe(250_000)
    expect(refusals(read(many))).toContain(
      "It has 250000 nodes; at most 200000 are served."
    )
    const inputs = new BinaryWriter()
    for (let n = 0; n < 20_000; n++) {
      inputs.raw(merged(new Uint8Array(), [11, message([1, `i${n}`])]))
    }
    expect(refused(merged(file, [7, inputs.finish()]))).toContain("more inputs")
  })
})
