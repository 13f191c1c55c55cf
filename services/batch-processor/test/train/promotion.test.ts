import { expect, it } from "bun:test"
import { type Losses, verdict } from "../../src/types/train/promotion.ts"

const losses: Losses = {
  candidate: 0.4,
  baseRate: 0.6,
  logistic: 0.45,
  champion: 0.5
}

it.each<[string, Partial<Losses>, boolean, string]>([
  ["better than all", {}, true, "better than the champion"],
  ["the first", { champion: undefined }, true, "there was no champion"],
  ["itself logistic", { logistic: 0.4 }, true, "better than the champion"],
  ["no better than the base rate", { baseRate: 0.4 }, false, "base rate"],
  ["worse than logistic", { logistic: 0.39 }, false, "Logistic regression"],
  ["within the margin", { champion: 0.403 }, false, "The champion stays"],
  ["the champion's equal", { champion: 0.4 }, false, "The champion stays"],
  ["not a number", { candidate: Number.NaN }, false, "base rate"],
  ["against no number", { champion: Number.NaN }, false, "The champion stays"]
])("judges what is %s", (_, change, isBetter, said) => {
  const judged = verdict({ ...losses, ...change }, 0.01)
  expect(judged.isBetter).toBe(isBetter)
  expect(judged.reason).toContain(said)
})

it("takes a champion's place without a margin only if it is better", () => {
  expect(verdict({ ...losses, champion: 0.4 }, 0).isBetter).toBeFalse()
  expect(verdict({ ...losses, champion: 0.4001 }, 0).isBetter).toBeTrue()
})
