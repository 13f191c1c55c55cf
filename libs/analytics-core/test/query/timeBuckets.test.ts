import { describe, expect, it } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import fc from "fast-check"
import { bucketIndex } from "../../src/query/bucketSql.ts"
import { int64s, render, sql } from "../../src/query/Sql.ts"
import { type Interval, intervals, timeBuckets } from "../../src/query/TimeBuckets.ts"
import { instantOf, timeZone } from "../../src/query/TimeZone.ts"

const zoneOf = (name: string) => {
  const zone = timeZone(name)
  if (!zone) throw new Error(`no zone ${name}`)
  return zone
}

const buckets = (name: string, interval: Interval, from: string, to: string) => {
  const made = timeBuckets({
    zone: zoneOf(name),
    interval,
    weekStart: "monday",
    from: Date.parse(from),
    to: Date.parse(to),
    limit: 10_000
  })
  if (!made) throw new Error("too many buckets")
  return made
}
const hours = ({ starts, end }: ReturnType<typeof buckets>) =>
  starts.map((start, index) => ((starts[index + 1] ?? end) - start) / 3_600_000)

describe("calendar buckets", () => {
  it("are local days of 23, 24 and 25 hours", () => {
    expect(
      hours(
        buckets(
          "America/New_York",
          "day",
          "2025-03-08T05:00:00Z",
          "2025-03-11T04:00:00Z"
        )
      )
    ).toEqual([24, 23, 24])
    expect(
      hours(
        buckets(
          "America/New_York",
          "day",
          "2025-11-02T04:00:00Z",
          "2025-11-04T05:00:00Z"
        )
      )
    ).toEqual([25, 24])
    expect(
      hours(
        buckets(
          "Australia/Lord_Howe",
          "day",
          "2025-04-05T13:00:00Z",
          "2025-04-06T13:30:00Z"
        )
      )
    ).toEqual([24.5])
  })

  it("begin at the calendar start before `from` and skip a day that never was", () => {
    const apia = buckets(
      "Pacific/Apia",
      "day",
      "2011-12-29T12:00:00Z",
      "2011-12-31T10:00:00Z"
    )
    expect(apia.labels).toEqual(["2011-12-29", "2011-12-31"])
    expect(apia.starts[0]).toBe(Date.parse("2011-12-29T10:00:00Z"))
  })

  it("start where midnight is skipped or comes twice", () => {
    const skipped = buckets(
      "America/Sao_Paulo",
      "day",
      "2018-11-04T12:00:00Z",
      "2018-11-05T00:00:00Z"
    )
    expect(skipped.starts).toEqual([Date.parse("2018-11-04T03:00:00Z")])
    const twice = buckets(
      "America/Sao_Paulo",
      "day",
      "2018-02-17T12:00:00Z",
      "2018-02-18T12:00:00Z"
    )
    expect(hours(twice)).toEqual([25, 24])
  })

  it("are months with a leap day, quarters, years, and weeks from either day", () => {
    expect(
      buckets("UTC", "month", "2024-02-10T00:00:00Z", "2024-04-01T00:00:00Z")
    ).toMatchObject({
      labels: ["2024-02-01", "2024-03-01"],
      end: Date.UTC(2024, 3)
    })
    expect(
      buckets("UTC", "quarter", "2024-05-10T00:00:00Z", "2024-07-02T00:00:00Z").labels
    ).toEqual(["2024-04-01", "2024-07-01"])
    expect(
      buckets("UTC", "year", "2024-05-10T00:00:00Z", "2025-01-02T00:00:00Z").labels
    ).toEqual(["2024-01-01", "2025-01-01"])
    const week = (weekStart: "monday" | "sunday") =>
      timeBuckets({
        zone: zoneOf("UTC"),
        interval: "week",
        weekStart,
        from: Date.parse("2025-03-02T00:00:00Z"),
        to: Date.parse("2025-03-04T00:00:00Z"),
        limit: 10
      })?.labels
    expect(week("monday")).toEqual(["2025-02-24", "2025-03-03"])
    expect(week("sunday")).toEqual(["2025-03-02"])
  })
})

describe("clock buckets", () => {
  it("keep both 01:00 hours of a fall-back day", () => {
    const { labels } = buckets(
      "America/New_York",
      "hour",
      "2025-11-02T05:00:00Z",
      "2025-11-02T07:00:00Z"
    )
    expect(labels).toEqual(["2025-11-02T01:00:00-04:00", "2025-11-02T01:00:00-05:00"])
  })

  it("start at local full hours", () => {
    const { starts } = buckets(
      "Asia/Kolkata",
      "hour",
      "2025-03-01T09:40:00Z",
      "2025-03-01T10:40:00Z"
    )
    expect(starts.map((start) => new Date(start).toISOString())).toEqual([
      "2025-03-01T09:30:00.000Z",
      "2025-03-01T10:30:00.000Z"
    ])
  })

  it("are refused beyond the limit", () => {
    const make = (to: string) =>
      timeBuckets({
        zone: zoneOf("UTC"),
        interval: "minute",
        weekStart: "monday",
        from: 0,
        to: Date.parse(to),
        limit: 60
      })
    expect(make("1970-01-01T01:00:00Z")?.starts).toHaveLength(60)
    expect(make("1970-01-01T01:00:00.001Z")).toBeUndefined()
  })
})

const zoneNames = [
  "UTC",
  "America/New_York",
  "Europe/Berlin",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "America/Sao_Paulo",
  "America/St_Johns",
  "Africa/Casablanca",
  "Asia/Tehran"
]
const request = fc.record({
  zone: fc.constantFrom(...zoneNames).map(zoneOf),
  interval: fc.constantFrom(...intervals),
  weekStart: fc.constantFrom("monday" as const, "sunday" as const),
  from: fc.integer({ min: Date.UTC(1975, 0), max: Date.UTC(2026, 0) }),
  days: fc.integer({ min: 1, max: 4000 })
})
const requestOf = ({
  days,
  ...rest
}: typeof request extends fc.Arbitrary<infer T> ? T : never) => ({
  ...rest,
  to:
    rest.from +
    (rest.interval === "minute" ? 1 : rest.interval === "hour" ? 24 : days * 24) *
      3_600_000,
  limit: 10_000
})

describe("any buckets", () => {
  it("cover the range without gaps, each beginning where the wall clock says", () => {
    fc.assert(
      fc.property(request, (asked) => {
        const { zone, from, to, ...rest } = requestOf(asked)
        const made = timeBuckets({ zone, from, to, ...rest })
        if (!made) throw new Error("too many")
        expect(made.starts[0]).toBeLessThanOrEqual(from)
        expect(made.starts.at(-1)).toBeLessThan(to)
        expect(made.end).toBeGreaterThanOrEqual(to)
        made.starts.forEach((start, index) => {
          expect(start).toBeLessThan(made.starts[index + 1] ?? made.end)
          if (rest.interval === "minute" || rest.interval === "hour") return
          const label = made.labels[index] ?? ""
          expect(start).toBe(instantOf(zone, Date.parse(label)))
          expect(new Date(start + zone.offsetAt(start)).toISOString() >= label).toBe(
            true
          )
        })
      }),
      { numRuns: 200 }
    )
  })
})

describe("bucketIndex on a real ClickHouse", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("puts every instant where a search in the starts puts it", () =>
    Effect.gen(function* () {
      const clickhouse = yield* ClickHouse
      const samples = fc.sample(request, { numRuns: 60, seed: 5 }).map(requestOf)
      for (const asked of samples) {
        const made = timeBuckets(asked)
        if (!made) continue
        const { starts, end } = made
        const instants = starts
          .flatMap((start) => [start - 1, start, start + 1])
          .concat(end - 1)
          .filter((instant) => instant >= (starts[0] ?? 0) && instant < end)
        const { sql: text, params } = render(
          sql`SELECT toInt64(ms) AS at, ${bucketIndex(made, sql`ms`)} AS bucket FROM (SELECT arrayJoin(${int64s(instants)}) AS ms)`
        )
        const rows = yield* clickhouse.query<{ at: string; bucket: number }>(text, {
          params
        })
        expect(rows.length).toBe(instants.length)
        for (const { at, bucket } of rows)
          expect(bucket).toBe(starts.findLastIndex((start) => start <= Number(at)))
      }
    })
  )
})
