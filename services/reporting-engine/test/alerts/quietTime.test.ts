import { describe, expect, it } from "bun:test"
import { timeZone } from "@analytics/analytics-core/query/TimeZone"
import fc from "fast-check"
import { minutesOf, sendableAt } from "../../src/alerts/quietTime.ts"

const zoneOf = (name: string) => {
  const zone = timeZone(name)
  if (zone === undefined) throw new Error(name)
  return zone
}
const night = { from: minutesOf("22:00"), to: minutesOf("07:00") }
const workdays = [1, 2, 3, 4, 5]

const sent = (
  at: string,
  zone: string,
  times: Partial<Parameters<typeof sendableAt>[0]>
) =>
  new Date(
    sendableAt(
      { quietHours: undefined, days: undefined, ...times },
      zoneOf(zone),
      Date.parse(at)
    )
  ).toISOString()

describe("a notice", () => {
  it("goes at once when nothing is in the way", () => {
    const at = "2026-11-23T12:34:56.789Z"
    expect(sent(at, "Europe/Berlin", {})).toBe(at)
    expect(sent(at, "Europe/Berlin", { quietHours: night, days: workdays })).toBe(at)
  })
  it.each([
    ["2026-11-23T22:00:00Z", "2026-11-24T06:00:00.000Z", "Europe/Berlin"],
    // The night in which the clock goes forward ends an hour sooner, that of October later.
    ["2026-03-28T22:00:00Z", "2026-03-29T05:00:00.000Z", "Europe/Berlin"],
    ["2026-10-24T22:00:00Z", "2026-10-25T06:00:00.000Z", "Europe/Berlin"],
    ["2026-03-08T04:00:00Z", "2026-03-08T11:00:00.000Z", "America/New_York"],
    ["2026-11-01T04:00:00Z", "2026-11-01T12:00:00.000Z", "America/New_York"],
    ["2026-11-23T18:00:00Z", "2026-11-24T01:30:00.000Z", "Asia/Kolkata"],
    ["2026-04-04T12:00:00Z", "2026-04-04T20:30:00.000Z", "Australia/Lord_Howe"],
    ["2026-10-03T13:00:00Z", "2026-10-03T20:00:00.000Z", "Australia/Lord_Howe"]
  ])("of the night at %s waits until %s in %s", (at, until, zone) => {
    expect(sent(at, zone, { quietHours: night })).toBe(until)
  })
  it("of a weekend waits until Monday, and there for the end of the night", () => {
    const saturday = "2026-11-21T12:00:00Z"
    expect(sent(saturday, "Europe/Berlin", { days: workdays })).toBe(
      "2026-11-22T23:00:00.000Z"
    )
    expect(sent(saturday, "Europe/Berlin", { days: workdays, quietHours: night })).toBe(
      "2026-11-23T06:00:00.000Z"
    )
  })
  it("waits for the hour that is there twice to be over for good", () => {
    const early = { from: minutesOf("01:00"), to: minutesOf("02:30") }
    expect(sent("2026-10-25T01:10:00Z", "Europe/Berlin", { quietHours: early })).toBe(
      "2026-10-25T01:30:00.000Z"
    )
  })

  const zones = [
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe"
  ]
  it("is held at most until a time at which it may go, and never past one", () => {
    const minute = fc.integer({ min: 0, max: 1439 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1_770_000_000, max: 1_800_000_000 }),
        fc.constantFrom(...zones),
        fc.option(fc.record({ from: minute, to: minute }), { nil: undefined }),
        fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), {
          nil: undefined
        }),
        (seconds, name, quietHours, days) => {
          const zone = zoneOf(name)
          const at = seconds * 1000
          const until = sendableAt({ quietHours, days }, zone, at)
          expect(until).toBeGreaterThanOrEqual(at)
          expect(until - at).toBeLessThanOrEqual(8 * 86_400_000)
          // It may go then, as asking again says.
          expect(sendableAt({ quietHours, days }, zone, until)).toBe(until)
        }
      )
    )
  })
})
