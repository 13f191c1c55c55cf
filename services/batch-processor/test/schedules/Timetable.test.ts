import { describe, expect, it } from "bun:test"
import { Cron, Result } from "effect"
import * as fc from "fast-check"
import { type Timetable, timetable } from "../../src/schedules/Timetable.ts"

const MINUTE = 60_000
const DAY = 1440 * MINUTE

const of = (cron: string, zone: string): Timetable =>
  Result.getOrThrow(timetable(cron, zone))

/** The runs after an instant, with the wall clock's offset. */
const runs = (cron: string, zone: string, after: string, count: number) => {
  const { next } = of(cron, zone)
  const found: Array<string> = []
  let at = Date.parse(after)
  while (found.length < count) {
    at = next(at) ?? Number.NaN
    found.push(new Date(at).toISOString().replace(":00.000Z", "Z"))
  }
  return found
}

describe("the day on which an hour is skipped", () => {
  it("runs what was due in it once, right after", () => {
    expect(runs("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3)).toEqual([
      "2026-03-28T01:30Z",
      "2026-03-29T01:00Z",
      "2026-03-30T00:30Z"
    ])
    expect(runs("30 2 * * *", "America/New_York", "2027-03-13T00:00:00Z", 3)).toEqual([
      "2027-03-13T07:30Z",
      "2027-03-14T07:00Z",
      "2027-03-15T06:30Z"
    ])
    // Four quarters of the skipped hour are one run, and not one each.
    expect(runs("*/15 2 * * *", "Europe/Berlin", "2027-03-27T12:00:00Z", 2)).toEqual([
      "2027-03-28T01:00Z",
      "2027-03-29T00:00Z"
    ])
    // 03:00 is due by itself too.
    expect(runs("0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2)).toEqual([
      "2026-03-29T01:00Z",
      "2026-03-30T00:00Z"
    ])
    // Where midnight is skipped, the day still has its run.
    expect(runs("0 0 * * *", "America/Santiago", "2026-09-05T05:00:00Z", 2)).toEqual([
      "2026-09-06T04:00Z",
      "2026-09-07T03:00Z"
    ])
  })
  it("changes nothing for what runs every hour or more often", () => {
    expect(runs("0 * * * *", "America/New_York", "2026-03-08T05:30:00Z", 3)).toEqual([
      "2026-03-08T06:00Z",
      "2026-03-08T07:00Z",
      "2026-03-08T08:00Z"
    ])
    expect(runs("*/15 * * * *", "Europe/Berlin", "2026-03-29T00:40:00Z", 4)).toEqual([
      "2026-03-29T00:45Z",
      "2026-03-29T01:00Z",
      "2026-03-29T01:15Z",
      "2026-03-29T01:30Z"
    ])
  })
})

describe("the day on which an hour is shown twice", () => {
  const first = Date.parse("2026-10-25T00:30:00Z")
  const between = Date.parse("2026-10-25T01:10:00Z")

  it("runs what is due in it once, the first time", () => {
    expect(runs("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-26T01:30Z"
    ])
    expect(runs("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2)).toEqual([
      "2026-11-01T05:30Z",
      "2026-11-02T06:30Z"
    ])
    // Asked between the two.
    expect(of("30 2 * * *", "Europe/Berlin").previous(between)).toBe(first)
    expect(runs("30 2 * * *", "Europe/Berlin", "2027-10-31T00:45:00Z", 1)).toEqual([
      "2027-11-01T01:30Z"
    ])
    expect(runs("*/30 1 * * *", "America/New_York", "2027-11-06T12:00:00Z", 3)).toEqual(
      ["2027-11-07T05:00Z", "2027-11-07T05:30Z", "2027-11-08T06:00Z"]
    )
  })
  it("changes nothing for what runs every hour or more often", () => {
    expect(runs("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 4)).toEqual([
      "2026-10-25T00:00Z",
      "2026-10-25T01:00Z",
      "2026-10-25T02:00Z",
      "2026-10-25T03:00Z"
    ])
    const quarters = runs("*/15 * * * *", "Europe/Berlin", "2026-10-24T23:59:00Z", 12)
    expect(new Set(quarters).size).toBe(12)
    expect(quarters.at(-1)).toBe("2026-10-25T02:45Z")
  })
})

describe("a text that is no timetable", () => {
  const refused = (cron: string, zone = "UTC") =>
    Result.merge(Result.mapError(timetable(cron, zone), ({ field }) => field))
  it("is refused where it is wrong", () => {
    expect(refused("* * * * * *")).toBe("cron")
    expect(refused("61 * * * *")).toBe("cron")
    expect(refused("every day")).toBe("cron")
    expect(refused(`${"1,".repeat(200)}1 * * * *`)).toBe("cron")
    expect(refused("0 0 30 2 *")).toBe("cron")
    expect(refused("0 0 * * *", "Europe/Atlantis")).toBe("timezone")
    expect(refused("0 0 * * *", "+02:00")).toBe("timezone")
    expect(Result.isSuccess(timetable("0 0 29 2 *", "UTC"))).toBe(true)
  })
})

/**
 * The definition, minute by minute: a clock that is watched. By the clock, a minute counts
 * when the clock shows it or has passed over it for the first time; in passing time it
 * counts whenever the clock shows it.
 */
const watched = (pattern: string, zone: string, from: number, to: number) => {
  const cron = Cron.parseUnsafe(pattern, "UTC")
  const everyHour = cron.hours.size === 0
  const shown = clock(zone)
  let reached = shown(from - 1)
  const due: Array<number> = []
  for (let at = from; at < to; at += MINUTE) {
    const wall = shown(at)
    if (everyHour) {
      if (Cron.match(cron, wall)) due.push(at)
      continue
    }
    let isDue = false
    for (let each = reached + MINUTE; each <= wall; each += MINUTE)
      isDue ||= Cron.match(cron, each)
    reached = Math.max(reached, wall)
    if (isDue) due.push(at)
  }
  return due
}

const clocks = new Map<string, (instant: number) => number>()

/** What the wall clock shows, as if it were UTC; remembered, because formats are slow. */
const clock = (timeZone: string) => {
  const known = clocks.get(timeZone)
  if (known !== undefined) return known
  const seen = new Map<number, number>()
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric"
  })
  const read = (instant: number) => {
    const parts = new Map(
      format.formatToParts(instant).map(({ type, value }) => [type, Number(value)])
    )
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0
    return Date.UTC(
      part("year"),
      part("month") - 1,
      part("day"),
      part("hour"),
      part("minute")
    )
  }
  const shown = (instant: number) => {
    const wall = seen.get(instant) ?? read(instant)
    seen.set(instant, wall)
    return wall
  }
  clocks.set(timeZone, shown)
  return shown
}

describe("any timetable", () => {
  const change = fc.constantFrom(
    ["Europe/Berlin", "2026-03-29"],
    ["Europe/Berlin", "2026-10-25"],
    ["America/New_York", "2027-03-14"],
    ["America/New_York", "2027-11-07"],
    ["Australia/Lord_Howe", "2026-04-05"],
    ["Australia/Lord_Howe", "2026-10-04"],
    ["America/Santiago", "2026-09-06"],
    ["Asia/Kolkata", "2026-01-01"]
  )
  const minutes = fc.constantFrom("*", "0", "30", "15,45", "*/20", "59")
  const hours = fc.constantFrom("*", "*", "0", "1", "2", "1-3", "*/2", "23", "0,2")
  const days = fc.constantFrom("* * *", "* * *", "* * 0", "5,6,25,29 * *", "1-15 * 0")

  it("runs when a watched clock says so, forwards and backwards", () => {
    fc.assert(
      fc.property(change, minutes, hours, days, ([zone, day], minute, hour, rest) => {
        const from = Date.parse(`${day}T00:00:00Z`) - DAY / 2
        const to = from + 1.25 * DAY
        const expected = watched(`${minute} ${hour} ${rest}`, zone ?? "", from, to)
        const { next, previous } = of(`${minute} ${hour} ${rest}`, zone ?? "")
        const forwards: Array<number> = []
        for (let at = next(from - 1); at !== undefined && at < to; at = next(at))
          forwards.push(at)
        expect(forwards).toEqual(expected)
        const backwards: Array<number> = []
        let at = previous(to - 1)
        for (; at !== undefined && at >= from; at = previous(at - 1)) backwards.push(at)
        expect(backwards.reverse()).toEqual(expected)
      }),
      { numRuns: 60 }
    )
  }, 60_000)
})
