import { describe, expect, it } from "bun:test"
import { Result } from "effect"
import * as fc from "fast-check"
import {
  dueRuns,
  GRACE,
  MAX_CAUGHT_UP,
  MAX_COUNTED,
  type MissedRuns
} from "../../src/schedules/dueRuns.ts"
import { timetable } from "../../src/schedules/Timetable.ts"

const hourly = Result.getOrThrow(timetable("0 * * * *", "UTC"))
const at = (text: string) => Date.parse(`2026-11-23T${text}:00Z`)

const decide = (
  missed: MissedRuns,
  nextAt: string,
  now: string,
  isBusy = false,
  plan = hourly
) => dueRuns({ timetable: plan, missed, nextAt: at(nextAt), now: at(now), isBusy })

describe("a run that is due", () => {
  it("starts, under each policy, also when a restart made it a little late", () => {
    for (const missed of ["skip", "once", "catch-up"] as const)
      for (const now of ["10:00", "10:05"])
        expect(decide(missed, "10:00", now)).toEqual({
          run: at("10:00"),
          skipped: undefined,
          nextAt: at("11:00")
        })
    expect(decide("skip", "10:00", "09:59")).toBeUndefined()
  })
})

describe("runs that nobody could start", () => {
  it("are left out by skip", () => {
    expect(decide("skip", "05:00", "10:06")).toEqual({
      run: undefined,
      skipped: { from: at("05:00"), to: at("10:00"), runs: 6, reason: "missed" },
      nextAt: at("11:00")
    })
    // The last of them is not too late.
    expect(decide("skip", "05:00", "10:02")).toEqual({
      run: at("10:00"),
      skipped: { from: at("05:00"), to: at("09:00"), runs: 5, reason: "missed" },
      nextAt: at("11:00")
    })
  })
  it("become one by once", () => {
    expect(decide("once", "05:00", "10:30")).toEqual({
      run: at("10:00"),
      skipped: { from: at("05:00"), to: at("09:00"), runs: 5, reason: "merged" },
      nextAt: at("11:00")
    })
  })
  it("are made up for one after the other by catch-up, and not without bound", () => {
    expect(decide("catch-up", "05:00", "10:30")).toEqual({
      run: at("05:00"),
      skipped: undefined,
      nextAt: at("06:00")
    })
    const minutely = Result.getOrThrow(timetable("* * * * *", "UTC"))
    const year = 365 * 86_400_000
    const decision = dueRuns({
      timetable: minutely,
      missed: "catch-up",
      nextAt: at("10:00") - year,
      now: at("10:00"),
      isBusy: false
    })
    const first = at("10:00") - (MAX_CAUGHT_UP - 1) * 60_000
    expect(decision).toEqual({
      run: first,
      skipped: {
        from: at("10:00") - year,
        to: first - 60_000,
        runs: MAX_COUNTED,
        reason: "missed"
      },
      nextAt: first + 60_000
    })
  })
})

describe("a run that is due while the job before is not finished", () => {
  it("is left out by skip, and waits under the others", () => {
    expect(decide("skip", "10:00", "10:00", true)).toEqual({
      run: undefined,
      skipped: { from: at("10:00"), to: at("10:00"), runs: 1, reason: "overlap" },
      nextAt: at("11:00")
    })
    expect(decide("once", "10:00", "12:30", true)).toBeUndefined()
    expect(decide("catch-up", "10:00", "12:30", true)).toBeUndefined()
  })
})

describe("any course of events", () => {
  it("accounts for every run exactly once, in order, and never twice at a time", () => {
    const quarter = Result.getOrThrow(timetable("*/15 * * * *", "Europe/Berlin"))
    const start = Date.parse("2026-10-25T00:00:00Z")
    fc.assert(
      fc.property(
        fc.constantFrom<MissedRuns>("skip", "once", "catch-up"),
        fc.array(
          fc.record({
            wait: fc.integer({ min: 1, max: 90 }),
            takes: fc.integer({ min: 0, max: 60 })
          }),
          { minLength: 1, maxLength: 40 }
        ),
        (missed, looks) => {
          let nextAt = quarter.next(start - 1) ?? 0
          let [now, busyUntil] = [start, 0]
          const accounted: Array<number> = []
          for (const { takes, wait } of looks) {
            now += wait * 60_000
            const isBusy = busyUntil > now
            const decision = dueRuns({
              timetable: quarter,
              missed,
              nextAt,
              now,
              isBusy
            })
            if (decision === undefined) {
              expect(nextAt > now || (isBusy && missed !== "skip")).toBe(true)
              continue
            }
            const { run, skipped } = decision
            for (
              let each = skipped?.from;
              skipped && each !== undefined && each <= skipped.to;
              each = quarter.next(each)
            )
              accounted.push(each)
            if (run !== undefined) {
              expect(isBusy).toBe(false)
              if (missed === "skip") expect(now - run).toBeLessThanOrEqual(GRACE)
              accounted.push(run)
              busyUntil = now + takes * 60_000
            }
            nextAt = decision.nextAt ?? 0
          }
          const all: Array<number> = []
          let each = quarter.next(start - 1)
          for (; each !== undefined && each < nextAt; each = quarter.next(each))
            all.push(each)
          expect(accounted).toEqual(all)
        }
      ),
      { numRuns: 200 }
    )
  })
})
