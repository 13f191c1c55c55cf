import { describe, expect, it } from "bun:test"
import type { TensorSpec } from "@analytics/inference-protocol/Tensor"
import {
  fromTypedArray,
  numbersOf,
  textsOf
} from "@analytics/inference-protocol/TensorValues"
import { Result } from "effect"
import { drawOutputs, outputRows } from "../src/models/drawOutputs.ts"
import { drawAliases, drawModels, drawVersions } from "../src/models/Model.ts"
import { rowTensors } from "../src/models/rowTensors.ts"

const features: TensorSpec = { name: "features", datatype: "FP32", shape: [-1, 2] }
const names = ["recency", "orders"]
const made = (...given: Parameters<typeof rowTensors>) =>
  Result.getOrThrow(rowTensors(...given))
const refused = (...given: Parameters<typeof rowTensors>) => {
  const result = rowTensors(...given)
  return Result.isFailure(result) ? result.failure.detail : "taken"
}

describe("rows for a model", () => {
  it("are taken by the names of features, in the model's order", () => {
    const { rows, tensors } = made(
      '[{"orders": 2, "recency": 1}, {"orders": 3}]',
      [features],
      names
    )
    expect(rows).toBe(2)
    expect(tensors.map(({ name, shape }) => ({ name, shape }))).toEqual([
      { name: "features", shape: [2, 2] }
    ])
    expect(tensors.flatMap(numbersOf)).toEqual([1, 2, Number.NaN, 3])
    expect(refused('{"order": 1}', [features], names)).toBe(
      '"order" is no feature of it: recency; orders'
    )
  })

  it("are arrays, one object, or a row a line", () => {
    expect(
      made("[[1, 2], [null, 4]]", [features], []).tensors.flatMap(numbersOf)
    ).toEqual([1, 2, Number.NaN, 4])
    expect(made('{"recency": 1}\n{"orders": 2}\n', [features], names).rows).toBe(2)
    expect(refused("[[1, 2], [3]]", [features], [])).toContain("row 2 is not as long")
    expect(refused('[["a", 2]]', [features], [])).toContain('"a" is no number')
    expect(refused("{", [features], [])).toContain("not valid JSON")
    expect(refused("[]", [features], [])).toContain("no rows")
  })

  it("go to several inputs by their names", () => {
    const inputs: ReadonlyArray<TensorSpec> = [
      { name: "id", datatype: "INT64", shape: [-1] },
      { name: "text", datatype: "BYTES", shape: [-1, 1] }
    ]
    const { tensors } = made(
      '[{"id": 7, "text": "ä"}, {"id": 8, "text": ""}]',
      inputs,
      []
    )
    const [id, text] = tensors
    if (id === undefined || text === undefined) throw new Error("there are not two")
    expect([id.shape, text.shape]).toEqual([[2], [2, 1]])
    expect([numbersOf(id), textsOf(text)]).toEqual([
      [7, 8],
      ["ä", ""]
    ])
    expect(refused("[[1, 2]]", inputs, [])).toContain("has 2 inputs")
  })

  it("may be tensors as the protocol has them", () => {
    const { rows, tensors } = made(
      '{"inputs": [{"name": "x", "datatype": "INT64", "shape": [1], "data": [9007199254740993]}]}',
      [features],
      []
    )
    expect(rows).toBe(1)
    expect(tensors[0]?.bytes).toEqual(
      new Uint8Array(BigInt64Array.of(2n ** 53n + 1n).buffer)
    )
  })
})

describe("answers on the terminal", () => {
  it("stand by row, with the largest reasons by name", () => {
    const outputs = [
      fromTypedArray("probability", [2, 1], Float32Array.of(0.5, 0.25)),
      fromTypedArray("contributions", [2, 3], Float32Array.of(0.5, -1, 0, 0, 2, 0))
    ]
    const rows = outputRows(outputs, 2)
    expect(rows[1]).toEqual({ probability: 0.25, contributions: [0, 2, 0] })
    const drawn = drawOutputs(rows, names)
    expect(drawn).toContain("orders -1.00, recency +0.50")
    expect(drawn).toContain("orders +2.00")
    expect(drawOutputs(rows, [])).toContain("[0.5,-1,0]")
  })

  it("name who answers, and command no terminal", () => {
    const model = {
      name: "churn",
      description: "",
      aliases: { champion: 2, challenger: 3 },
      challengerPercent: 10,
      latestVersion: 3,
      updatedAt: "2026-11-23T08:00:00Z\u001b"
    }
    expect(drawAliases(model)).toBe("churn: champion 2, challenger 3")
    expect(drawModels([model])).toContain("3 (10 %)")
    expect(drawModels([model])).not.toContain("\u001b")
    expect(drawModels([])).toBe("no models")
    const version = {
      version: 3,
      sha256: "ab".repeat(32),
      bytes: 1,
      hasGolden: true,
      aliases: ["challenger"],
      metrics: { auc: { value: 0.87654, error: 0.01 }, logLoss: 0.2, trees: 47 },
      createdBy: "service",
      createdAt: "2026-11-23T08:00:00Z"
    }
    expect(drawVersions([version])).toContain("auc 0.877, logLoss 0.2 ")
  })
})
