import { describe, expect, it, setDefaultTimeout } from "bun:test"
import fc from "fast-check"
import { baseRate } from "../../src/train/baseRate.ts"
import { splitByTime, takeRows } from "../../src/train/holdout.ts"
import { probabilitiesOf } from "../../src/train/predict.ts"
import { nonlinearLaw } from "../support/laws.ts"

setDefaultTimeout(60_000)

const rows = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 20 })),
  { maxLength: 200 }
)

describe("a split by time", () => {
  it("learns from nothing that was not known, and from nobody on the other side", () => {
    fc.assert(
      fc.property(
        rows,
        fc.record({
          holdoutFrom: fc.integer({ min: 0, max: 12 }),
          horizon: fc.integer({ min: 0, max: 4 }),
          holdoutShare: fc.constantFrom(0, 0.3),
          seed: fc.integer()
        }),
        (list, split) => {
          const cuts = Float64Array.from(list, ([cut]) => cut)
          const people = Uint32Array.from(list, ([, person]) => person)
          const { training, validation, holdout, dropped } = splitByTime(
            { cuts, people },
            split
          )
          const all = [...training, ...validation, ...holdout]
          expect(new Set(all).size).toBe(all.length)
          expect(all.length + dropped).toBe(list.length)
          for (const row of [...training, ...validation])
            expect((cuts[row] ?? 0) + split.horizon).toBeLessThanOrEqual(
              split.holdoutFrom
            )
          for (const row of holdout)
            expect(cuts[row] ?? 0).toBeGreaterThanOrEqual(split.holdoutFrom)
          const who = (part: Uint32Array) =>
            new Set([...part].map((row) => people[row]))
          expect(who(training).isDisjointFrom(who(validation))).toBe(true)
          if (split.holdoutShare === 0) return
          expect(who(holdout).isDisjointFrom(who(training))).toBe(true)
          expect(who(holdout).isDisjointFrom(who(validation))).toBe(true)
        }
      )
    )
  })

  it("gives each side about its share of people, whatever their numbers", () => {
    for (const step of [1, 2, 1024]) {
      const people = Uint32Array.from({ length: 20_000 }, (_, row) => row * step)
      const cuts = Float64Array.from(people, (_, row) => row % 2)
      const parts = splitByTime(
        { cuts, people },
        { holdoutFrom: 1, horizon: 1, holdoutShare: 0.3, validationShare: 0.25 }
      )
      expect(Math.abs(parts.holdout.length / 10_000 - 0.3)).toBeLessThan(0.02)
      expect(Math.abs(parts.validation.length / 7000 - 0.25)).toBeLessThan(0.025)
    }
  })

  it("takes whole rows", () => {
    const dataset = { ...nonlinearLaw(20, 1), weights: new Float32Array(20).fill(2) }
    const taken = takeRows(dataset, Uint32Array.of(7, 3))
    expect(taken.rows).toBe(2)
    expect([...taken.labels]).toEqual([dataset.labels[7] ?? 9, dataset.labels[3] ?? 9])
    expect(taken.columns.map((column) => column[1])).toEqual(
      dataset.columns.map((column) => column[3])
    )
    expect([...(taken.weights ?? [])]).toEqual([2, 2])
  })
})

describe("the base rate", () => {
  it("says the same of everybody, and is finite where all labels are equal", () => {
    const dataset = nonlinearLaw(1000, 1)
    const rate = dataset.labels.reduce((sum, one) => sum + one, 0) / 1000
    for (const said of probabilitiesOf(baseRate(dataset), dataset))
      expect(said).toBeCloseTo(rate, 2)
    const none = baseRate({ ...dataset, labels: new Uint8Array(1000) })
    expect(probabilitiesOf(none, dataset)[0]).toBeCloseTo(1 / 1002, 6)
  })
})
