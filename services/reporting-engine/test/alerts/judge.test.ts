import { describe, expect, it } from "bun:test"
import {
  bucketAt,
  bucketsBefore,
  bucketsBetween,
  timelineOf
} from "../../src/alerts/alertBuckets.ts"
import type { Condition } from "../../src/alerts/Condition.ts"
import { judge, lookback } from "../../src/alerts/judge.ts"

const hourly = timelineOf("Europe/Berlin", "hour", "monday")
const daily = timelineOf("Europe/Berlin", "day", "monday")

/** Judges the newest of the values, which are as many as the condition looks at, or fewer. */
const verdictOf = (
  condition: Condition,
  values: ReadonlyArray<number | null>,
  timeline = daily,
  end = "2026-11-23T23:00:00Z"
) => {
  const buckets = bucketsBefore(timeline, Date.parse(end), values.length)
  return judge(condition, {
    timeline,
    values: buckets.map(({ start }, index) => ({
      start,
      value: values[index] ?? null
    })),
    anomaly: undefined
  })
}

describe("a threshold", () => {
  const above = { kind: "threshold", direction: "above", value: 10 } as const

  it("is beyond it, not at it, and nothing is never beyond", () => {
    expect(verdictOf(above, [10]).verdict).toBe("ok")
    expect(verdictOf(above, [10.5]).verdict).toBe("breach")
    expect(verdictOf({ ...above, direction: "below" }, [9]).verdict).toBe("breach")
    expect(verdictOf({ ...above, direction: "below" }, [null]).verdict).toBe("ok")
  })
  it("counts n of the last m", () => {
    const twoOfThree = { ...above, buckets: 2, of: 3 }
    expect(lookback(twoOfThree, "day")).toBe(2)
    expect(verdictOf(twoOfThree, [11, 1, 12]).verdict).toBe("breach")
    expect(verdictOf(twoOfThree, [11, 12, 1]).verdict).toBe("breach")
    expect(verdictOf(twoOfThree, [11, 1, 1]).verdict).toBe("ok")
    expect(verdictOf({ ...above, buckets: 2 }, [11, 12]).verdict).toBe("breach")
    expect(verdictOf({ ...above, buckets: 2 }, [1, 12]).verdict).toBe("ok")
    expect(verdictOf(twoOfThree, [11, 1, 12]).reason).toBe(
      "12 is above 10; 2 of the last 3 are, 2 needed"
    )
  })
})

describe("a change", () => {
  const drop = {
    kind: "change",
    versus: "previous",
    unit: "percent",
    direction: "down",
    value: 20
  } as const

  it("fires from its size on, in its direction", () => {
    expect(verdictOf(drop, [100, 80])).toMatchObject({
      verdict: "breach",
      expected: 100,
      reason: "80 is 20 % down on the bucket before (100)"
    })
    expect(verdictOf(drop, [100, 81]).verdict).toBe("ok")
    expect(verdictOf(drop, [100, 130]).verdict).toBe("ok")
    expect(verdictOf({ ...drop, direction: "any" }, [100, 130]).verdict).toBe("breach")
    expect(verdictOf({ ...drop, unit: "absolute" }, [1000, 985]).verdict).toBe("ok")
  })
  it("from nothing is as large as can be; of nothing it is unknown", () => {
    const rise = { ...drop, direction: "up" } as const
    expect(verdictOf(rise, [0, 3]).verdict).toBe("breach")
    expect(verdictOf(rise, [0, 0]).verdict).toBe("ok")
    expect(verdictOf(rise, [null, 3]).verdict).toBe("unknown")
    expect(verdictOf(rise, [3, null]).verdict).toBe("unknown")
    expect(verdictOf({ ...rise, minimumVolume: 10 }, [0, 3]).verdict).toBe("ok")
  })
  it("against the mean leaves out what is not there", () => {
    const mean = { ...drop, versus: "mean", buckets: 3 } as const
    expect(verdictOf(mean, [100, null, 200, 100])).toMatchObject({
      expected: 150,
      verdict: "breach"
    })
  })
  it.each([
    // The hour that is skipped is held against the one before the week, not against another.
    ["2026-03-29T03:00:00+02:00", "2026-03-22T03:00:00+01:00", "Europe/Berlin"],
    ["2026-04-05T02:00:00+02:00", "2026-03-29T03:00:00+02:00", "Europe/Berlin"],
    ["2026-10-25T02:00:00+02:00", "2026-10-18T02:00:00+02:00", "Europe/Berlin"],
    ["2026-10-25T02:00:00+01:00", "2026-10-18T02:00:00+02:00", "Europe/Berlin"],
    ["2026-11-01T02:00:00+01:00", "2026-10-25T02:00:00+02:00", "Europe/Berlin"],
    ["2026-03-08T03:00:00-04:00", "2026-03-01T03:00:00-05:00", "America/New_York"],
    ["2026-11-01T01:00:00-05:00", "2026-10-25T01:00:00-04:00", "America/New_York"],
    ["2026-11-23T09:00:00+05:30", "2026-11-16T09:00:00+05:30", "Asia/Kolkata"],
    ["2026-10-04T02:30:00+11:00", "2026-09-27T02:00:00+10:30", "Australia/Lord_Howe"],
    ["2026-04-05T01:30:00+10:30", "2026-03-29T01:00:00+11:00", "Australia/Lord_Howe"]
  ])("at %s is held against the same time a week ago, %s in %s", (at, before, zone) => {
    const timeline = timelineOf(zone, "hour", "monday")
    const condition = { ...drop, versus: "week_ago" } as const
    const bucket = bucketAt(timeline, Date.parse(at))
    const past = bucketsBefore(timeline, bucket.start, lookback(condition, "hour"))
    const values = [...past, bucket].map(({ start }) => ({ start, value: start }))
    expect(bucket.start).toBe(Date.parse(at))
    const { expected } = judge(condition, { timeline, values, anomaly: undefined })
    expect(new Date(expected ?? 0).toISOString()).toBe(new Date(before).toISOString())
  })
})

describe("missing data", () => {
  const missing = { kind: "missing", buckets: 2 } as const

  it("fires where there usually is something", () => {
    const past = lookback(missing, "hour")
    const usual = Array.from({ length: past }, () => 5)
    expect(verdictOf(missing, [...usual.slice(1), 0, null], hourly).verdict).toBe(
      "breach"
    )
    expect(verdictOf(missing, [...usual, 0], hourly).verdict).toBe("ok")
  })
  it("does not where there usually is nothing: at night, or in a new project", () => {
    const end = Date.parse("2026-11-23T03:00:00Z")
    const buckets = bucketsBefore(hourly, end, lookback(missing, "hour") + 1)
    const byDay = buckets.map(({ start }) =>
      new Date(start).getUTCHours() < 5 ? 0 : 20
    )
    expect(verdictOf(missing, byDay, hourly, "2026-11-23T03:00:00Z").verdict).toBe("ok")
    const young = buckets.map(({ start }) =>
      start > end - 5 * 86_400_000 && start < end - 7_200_000 ? 20 : 0
    )
    expect(verdictOf(missing, young, hourly, "2026-11-23T03:00:00Z").verdict).toBe("ok")
  })
})

describe("an anomaly", () => {
  const values = [{ start: 0, value: 3 }]
  const expected = { kind: "low", expected: 40, lower: 30, upper: 50 } as const
  const low = { kind: "anomaly", direction: "low" } as const
  const judging = (condition: Condition, anomaly: typeof expected | undefined) =>
    judge(condition, { timeline: daily, values, anomaly })

  it("fires in its direction, above its volume", () => {
    expect(judging(low, expected)).toEqual({
      verdict: "breach",
      value: 3,
      expected: 40,
      reason: "3 is unusually low: 40 was expected (30 to 50)"
    })
    expect(judging({ ...low, direction: "high" }, expected).verdict).toBe("ok")
    expect(judging({ ...low, minimumVolume: 41 }, expected).verdict).toBe("ok")
    expect(judging(low, undefined).verdict).toBe("unknown")
  })
})

describe("buckets", () => {
  it.each([
    ["Europe/Berlin", "2026-03-28T23:00:00Z", 23],
    ["Europe/Berlin", "2026-10-24T22:00:00Z", 25],
    ["Australia/Lord_Howe", "2026-04-04T13:00:00Z", 24.5],
    ["Australia/Lord_Howe", "2026-10-03T13:30:00Z", 23.5]
  ])(
    "of a day in %s from %s on last %d hours, and nothing is between them",
    (zone, at, hours) => {
      const start = Date.parse(at)
      const day = bucketAt(timelineOf(zone, "day", "monday"), start)
      expect([day.start, (day.end - day.start) / 3_600_000]).toEqual([start, hours])
      const inside = bucketsBetween(
        timelineOf(zone, "hour", "monday"),
        day.start,
        day.end
      )
      expect(inside[0]?.start).toBe(day.start)
      expect(inside.at(-1)?.end).toBe(day.end)
      for (const [index, { start: next }] of inside.slice(1).entries())
        expect(next).toBe(inside[index]?.end ?? Number.NaN)
    }
  )
})
