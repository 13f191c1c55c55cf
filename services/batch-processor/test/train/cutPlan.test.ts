import { expect, it } from "bun:test"
import fc from "fast-check"
import { cutPlan } from "../../src/types/train/cutPlan.ts"

const DAY = 86_400_000
const WATERMARK = Date.UTC(2026, 2, 1)
const target = { event: "buy", days: 7 }

const usesOf = (days: number, more: object = {}) => {
  const plan = cutPlan(
    { target, ...more },
    { first: WATERMARK - days * DAY, last: WATERMARK - 1000 },
    WATERMARK
  )
  return typeof plan === "string" ? plan : plan.map((cut) => cut.for)
}

it("learns, chooses and judges by cuts one after the other", () => {
  expect(usesOf(365)).toEqual([
    "train",
    "train",
    "train",
    "train",
    "validation",
    "holdout"
  ])
  expect(usesOf(24)).toEqual(["train", "validation", "holdout"])
  expect(usesOf(365, { holdout: 2, cuts: { count: 4 } })).toEqual([
    "train",
    "validation",
    "holdout",
    "holdout"
  ])
})

it("chooses by other people where there is one cut to learn from", () => {
  expect(usesOf(20)).toEqual(["people", "holdout"])
})

it("says what to do where there is no room", () => {
  expect(usesOf(15)).toContain("Foretell fewer days")
  expect(usesOf(0)).toContain("Foretell fewer days")
})

it("ends where the activity ended, if that is long ago", () => {
  const last = Date.UTC(1998, 5, 30)
  const plan = cutPlan({ target }, { first: last - 500 * DAY, last }, WATERMARK)
  expect(plan).toBeArrayOfSize(6)
  if (typeof plan === "string") return
  expect(plan.at(-1)).toEqual({ at: last + 1 - 7 * DAY, for: "holdout" })
})

it("never learns from what happens while it is judged", () => {
  const plans = fc.record({
    days: fc.integer({ min: 1, max: 60 }),
    everyDays: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
    count: fc.integer({ min: 2, max: 24 }),
    holdout: fc.integer({ min: 1, max: 6 }),
    latenessHours: fc.integer({ min: 0, max: 72 }),
    history: fc.integer({ min: 0, max: 2000 })
  })
  fc.assert(
    fc.property(
      plans,
      ({ count, days, everyDays, history, holdout, latenessHours }) => {
        const plan = cutPlan(
          {
            target: { days },
            holdout,
            latenessHours,
            cuts: { count, ...(everyDays === undefined ? {} : { everyDays }) }
          },
          { first: WATERMARK - history * DAY, last: WATERMARK - 1 },
          WATERMARK
        )
        if (typeof plan === "string") return
        const window = days * DAY
        const judged = plan.filter((cut) => cut.for === "holdout")
        const chosenBy = plan.filter((cut) => cut.for === "validation")
        const learnt = plan.filter((cut) => cut.for === "train" || cut.for === "people")
        expect(judged.length).toBeGreaterThan(0)
        expect(judged.length).toBeLessThanOrEqual(holdout)
        expect(learnt.length).toBeGreaterThan(0)
        const [first] = judged
        for (const cut of [...learnt, ...chosenBy])
          expect(cut.at + window).toBeLessThanOrEqual(first?.at ?? 0)
        for (const cut of learnt)
          for (const other of chosenBy)
            expect(cut.at + window).toBeLessThanOrEqual(other.at)
        for (const cut of plan) {
          expect(cut.at).toBeGreaterThan(WATERMARK - history * DAY)
          const known = WATERMARK - latenessHours * 3_600_000
          expect(cut.at + window).toBeLessThanOrEqual(known)
        }
      }
    )
  )
})
