import { describe, expect, it, setDefaultTimeout } from "bun:test"
import fc from "fast-check"
import { apart } from "../../src/shareLinks/floor/apart.ts"
import { funnelFloor } from "../../src/shareLinks/floor/funnelFloor.ts"
import { lifecycleFloor } from "../../src/shareLinks/floor/lifecycleFloor.ts"
import { retentionFloor } from "../../src/shareLinks/floor/retentionFloor.ts"
import { stickinessFloor } from "../../src/shareLinks/floor/stickinessFloor.ts"
import { determined, type Equation } from "./determined.ts"

setDefaultTimeout(120_000)

const numRuns = process.env["TEST_LONG"] === "1" ? 20_000 : 500
const floor = fc.integer({ min: 3, max: 6 })

/** In which of some buckets each of some people is active; many are as others. */
const activity = fc.integer({ min: 1, max: 5 }).chain((buckets) =>
  fc
    .array(
      fc.record({
        active: fc.uniqueArray(fc.nat(buckets - 1), { minLength: 1 }),
        people: fc.integer({ min: 1, max: 15 })
      }),
      { minLength: 1, maxLength: 12, size: "max" }
    )
    .map((kinds) =>
      kinds.flatMap(({ active, people }) =>
        Array.from({ length: people }, () => active)
      )
    )
)

const widthOf = (people: ReadonlyArray<ReadonlyArray<number>>) =>
  Math.max(...people.flat()) + 1
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Says which number of few people is shown or computed; empty: none. */
const tellsOfFew = (least: number, differences: ReadonlyArray<number>) =>
  differences.filter((count) => Math.abs(count) < least)

const seen = { shown: 0, hidden: 0 }
const note = (values: ReadonlyArray<number | null>) => {
  for (const value of values) seen[value === null ? "hidden" : "shown"]++
}

/** Between any two that are shown, and each by itself. */
const between = (values: ReadonlyArray<number | null>) => {
  const known = values.flatMap((value) => value ?? [])
  return known.flatMap((one, index) => [
    one,
    ...known.slice(index + 1).map((other) => one - other)
  ])
}

describe("whatever people did", () => {
  it("a funnel shows neither few people nor where few dropped off", () => {
    fc.assert(
      fc.property(floor, fc.array(fc.nat(8), { maxLength: 40 }), (least, furthest) => {
        const counts = upTo(7).map(
          (step) => furthest.filter((last) => last > step).length
        )
        const { groups } = funnelFloor(
          {
            groups: [
              {
                breakdown: null,
                other: false,
                steps: counts.map((count, index) => ({
                  event: "a",
                  count,
                  rateFromPrevious: counts[index - 1] ? count / 7 : null,
                  rateFromFirst: counts[0] ? count / counts[0] : null,
                  meanSeconds: 1,
                  medianSeconds: 1
                }))
              }
            ]
          },
          least
        )
        const steps = groups[0]?.steps ?? []
        const shown = steps.map(({ count }) => count)
        note(shown)
        expect(tellsOfFew(least, between(shown))).toEqual([])
        for (const { count, ...rest } of steps)
          if (count === null)
            expect(rest).toEqual({
              event: "a",
              rateFromPrevious: null,
              rateFromFirst: null,
              meanSeconds: null,
              medianSeconds: null
            })
      }),
      { numRuns }
    )
  })

  it("retention shows neither few who returned nor few who did not", () => {
    fc.assert(
      fc.property(
        floor,
        activity,
        fc.boolean(),
        fc.boolean(),
        (least, people, isRecurring, onOrAfter) => {
          const width = widthOf(people)
          const cohort = (start: number) =>
            people.filter((active) =>
              isRecurring ? active.includes(start) : Math.min(...active) === start
            )
          const cohorts = upTo(width).map((start) => {
            const members = cohort(start)
            const counts = upTo(width - start).map((period) =>
              period === 0
                ? members.length
                : members.filter((active) =>
                    active.some((bucket) =>
                      onOrAfter ? bucket >= start + period : bucket === start + period
                    )
                  ).length
            )
            const size = members.length
            return {
              start: "",
              size,
              counts,
              rates: counts.map((count) => count / size)
            }
          })
          const shown = retentionFloor({ cohorts }, { isRecurring, onOrAfter }, least)
          const few = shown.cohorts.flatMap(({ counts, rates, size }, start) => {
            note(counts)
            expect(rates.map((rate) => rate === null)).toEqual(
              counts.map((count) => count === null)
            )
            const cells = counts.slice(1)
            const later = cells.map((_, index) =>
              isRecurring && !onOrAfter ? shown.cohorts[start + 1 + index]?.size : null
            )
            return tellsOfFew(least, [
              ...(onOrAfter ? between([size, ...cells]) : []),
              ...cells.flatMap((count, index) => {
                if (count === null) return []
                const whole = later[index]
                return [
                  count,
                  (size ?? 0) - count,
                  whole == null ? count : whole - count
                ]
              }),
              ...(size === null ? [] : [size])
            ])
          })
          expect(few).toEqual([])
        }
      ),
      { numRuns }
    )
  })

  it("stickiness shows few people of no number of days", () => {
    fc.assert(
      fc.property(floor, activity, fc.boolean(), (least, people, isCumulative) => {
        const counts = upTo(widthOf(people)).map((index) => ({
          buckets: index + 1,
          people: people.filter(({ length }) =>
            isCumulative ? length > index : length === index + 1
          ).length
        }))
        const shown = stickinessFloor({ counts }, isCumulative, least).counts
        const numbers = shown.map((count) => count.people)
        note(numbers)
        const told = isCumulative ? between(numbers) : numbers.flatMap((n) => n ?? [])
        expect(tellsOfFew(least, told)).toEqual([])
      }),
      { numRuns }
    )
  })

  it("lifecycle shows few people nowhere, nor lets them be worked out", () => {
    fc.assert(
      fc.property(floor, activity, (least, people) => {
        const width = widthOf(people) - 1
        const isNew = (active: ReadonlyArray<number>, bucket: number) =>
          Math.min(...active) === bucket
        const was = (active: ReadonlyArray<number>, bucket: number) =>
          active.includes(bucket - 1)
        const count = (
          is: (active: ReadonlyArray<number>, bucket: number) => boolean
        ) =>
          // The range begins with the second bucket.
          upTo(width).map(
            (bucket) => people.filter((active) => is(active, bucket + 1)).length
          )
        const isIn = (active: ReadonlyArray<number>, bucket: number) =>
          active.includes(bucket)
        const raw = {
          new: count((a, b) => isIn(a, b) && isNew(a, b)),
          returning: count((a, b) => isIn(a, b) && was(a, b)),
          resurrecting: count((a, b) => isIn(a, b) && !isNew(a, b) && !was(a, b)),
          dormant: count((a, b) => !isIn(a, b) && was(a, b)).map((gone) => 0 - gone)
        }
        const names = ["new", "returning", "resurrecting", "dormant"] as const
        const shown = lifecycleFloor({ buckets: [], labels: [], ...raw }, least)
        const hidden: Array<string> = []
        for (const name of names) {
          note(shown[name])
          for (const [bucket, value] of shown[name].entries())
            if (value === null) hidden.push(`${name} ${bucket}`)
            else expect(Math.abs(value)).toBeGreaterThanOrEqual(least)
        }
        // Whoever is active returns in the next bucket or is dormant there.
        const equations = upTo(Math.max(0, width - 1)).map(
          (bucket): Equation => [
            [`new ${bucket}`, 1],
            [`returning ${bucket}`, 1],
            [`resurrecting ${bucket}`, 1],
            [`returning ${bucket + 1}`, -1],
            [`dormant ${bucket + 1}`, 1]
          ]
        )
        expect(determined(equations, hidden)).toEqual([])
      }),
      { numRuns }
    )
  })

  it("numbers are apart, and as large as the floor", () => {
    fc.assert(
      fc.property(floor, fc.array(fc.nat(60)), (least, counts) => {
        const shown = apart(counts, least)
        const values = counts.map((count, index) => (shown[index] ? count : null))
        expect(tellsOfFew(least, between(values))).toEqual([])
        const largest = Math.max(0, ...counts)
        expect(values.includes(largest)).toBe(largest >= least)
      }),
      { numRuns }
    )
    // Else nothing was seen.
    expect(seen.shown).toBeGreaterThan(seen.hidden / 20)
    expect(seen.hidden).toBeGreaterThan(0)
  })
})
