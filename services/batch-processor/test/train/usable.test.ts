import { expect, it } from "bun:test"
import type { Dataset } from "@analytics/ml-models/train/Dataset"
import { faultOf } from "../../src/types/train/trainer/usable.ts"

const rows = (positives: number, negatives: number): Dataset => ({
  names: [],
  columns: [],
  rows: positives + negatives,
  labels: Uint8Array.from({ length: positives + negatives }, (_, row) =>
    row < positives ? 1 : 0
  )
})

const fault = (train: Dataset, validation: Dataset, holdout: Dataset) =>
  faultOf({ train, validation, holdout })

const enough = rows(50, 50)
const none = rows(0, 0)

it("finds nothing wrong with enough rows of both outcomes", () => {
  expect(fault(enough, enough, enough)).toBeUndefined()
})

it.each([
  ["nobody", none, none, none, "Nobody belongs to the population"],
  ["never", rows(0, 90), rows(0, 9), rows(0, 9), "The target never happens"],
  ["always", rows(90, 0), rows(9, 0), rows(9, 0), "The target always happens"],
  ["few to learn from", rows(19, 900), enough, enough, "too little to learn from"],
  ["few that did not", rows(900, 19), enough, enough, "too little to learn from"],
  ["few to choose by", enough, rows(4, 90), enough, "too little to choose by"],
  ["few to be judged by", enough, enough, rows(9, 90), "too little to be judged by"]
])("names the remedy: %s", (_, train, validation, holdout, said) => {
  expect(fault(train, validation, holdout)).toContain(said)
})
