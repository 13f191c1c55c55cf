import { describe, expect, it, setDefaultTimeout } from "bun:test"
import { Result } from "effect"
import { gainImportance, permutationImportance } from "../../src/metrics/importance.ts"
import { trainLinear } from "../../src/train/trainLinear.ts"
import { trainTrees } from "../../src/train/trainTrees.ts"
import { linearLaw } from "../support/laws.ts"

setDefaultTimeout(60_000)

describe("importance", () => {
  const training = linearLaw(8000, 1)
  const holdout = linearLaw(8000, 2)
  const trees = Result.getOrThrow(trainTrees(training, { trees: 60 }))
  const linear = Result.getOrThrow(trainLinear(training))

  it("ranks features as their weights in the law", () => {
    for (const model of [trees.model, linear]) {
      const found = permutationImportance(model, holdout)
      expect(found.slice(0, 3).map(({ feature }) => feature)).toEqual([
        "f0",
        "f1",
        "f2"
      ])
      expect(found[0]?.value).toBeGreaterThan(0.05)
      for (const { feature, value } of found)
        if (feature === "f6" || feature === "f7")
          expect(Math.abs(value)).toBeLessThan(0.005)
      expect(permutationImportance(model, holdout)).toEqual(found)
    }
  })

  it("by gain sums to 1 and ranks them alike", () => {
    const found = gainImportance(training.names, trees.gains)
    expect(found.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(1, 12)
    expect(found.slice(0, 3).map(({ feature }) => feature)).toEqual(["f0", "f1", "f2"])
    expect(gainImportance(["a"], new Float64Array(1))).toEqual([
      { feature: "a", value: 0 }
    ])
  })
})
