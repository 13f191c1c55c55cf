import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { parse } from "../src/ExactJson.ts"
import { eventTime, instantOf, timeFault } from "../src/Timestamps.ts"

const received = Date.parse("2026-11-22T20:35:00.000Z")
const at = (times: {
  timestamp?: string
  originalTimestamp?: string
  sentAt?: string
}) => {
  const { timestamp, originalTimestamp, sentAt } = times
  const ms = eventTime({ timestamp, originalTimestamp, sentAt }, received)
  return Number.isNaN(ms) ? "unreadable" : new Date(ms).toISOString()
}

describe("instantOf", () => {
  it.each([
    ["2025-03-01T10:00:00.123Z", "2025-03-01T10:00:00.123Z"],
    ["2025-03-01T10:00:00.123456789+05:30", "2025-03-01T04:30:00.123Z"],
    ["2025-03-01 10:00:00-0800", "2025-03-01T18:00:00.000Z"],
    ["20250301T100000Z", "2025-03-01T10:00:00.000Z"],
    ["2025-03-01", "2025-03-01T00:00:00.000Z"],
    ["2024-02-29T23:59:60Z", "2024-03-01T00:00:00.000Z"],
    ["1740823200", "2025-03-01T10:00:00.000Z"],
    [1740823200, "2025-03-01T10:00:00.000Z"],
    [1740823200.123, "2025-03-01T10:00:00.123Z"],
    [1740823200123, "2025-03-01T10:00:00.123Z"],
    [99_999_999_999, "5138-11-16T09:46:39.000Z"],
    [100_000_000_000, "1973-03-03T09:46:40.000Z"]
  ])("reads %p", (value, expected) => {
    expect(new Date(instantOf(value) ?? Number.NaN).toISOString()).toBe(expected)
  })

  it.each([
    "March 1, 2025",
    "2025-02-30",
    "2025-13-01",
    "2025-03-01T24:00:00Z",
    "1",
    ""
  ])("does not read %p", (text) => expect(instantOf(text)).toBeNaN())

  it("does not read objects, booleans and numbers no double holds", () => {
    for (const value of [true, {}, [], 1e300, parse("1e400")])
      expect(instantOf(value)).toBeNaN()
    expect(instantOf(null)).toBeUndefined()
  })

  it("reads every instant that toISOString writes", () => {
    const date = fc.date({
      min: new Date(0),
      max: new Date("9999-12-31T23:59:59.999Z"),
      noInvalidDate: true
    })
    fc.assert(
      fc.property(date, (d) => expect(instantOf(d.toISOString())).toBe(d.getTime()))
    )
  })
})

describe("eventTime", () => {
  const sentAt = "2026-11-22T20:34:59.101Z"

  it("moves a client's time by its clock's error", () => {
    expect(at({ timestamp: "2026-11-22T20:34:59.097Z", sentAt })).toBe(
      "2026-11-22T20:34:59.996Z"
    )
    expect(at({ originalTimestamp: "2026-11-22T20:34:59.097Z", sentAt })).toBe(
      "2026-11-22T20:34:59.996Z"
    )
  })

  it("takes history as it is", () => {
    const timestamp = "2025-03-01T10:00:00.123Z"
    expect(at({ timestamp })).toBe(timestamp)
    expect(at({ timestamp, sentAt })).toBe(timestamp)
    const close = "2026-11-22T20:30:00.000Z"
    const originalTimestamp = "2026-11-22T20:34:59.097Z"
    expect(at({ timestamp: close, originalTimestamp, sentAt })).toBe(close)
    expect(at({ timestamp: close, originalTimestamp: close, sentAt })).not.toBe(close)
  })

  it("corrects an event that waited on the device for days", () => {
    const originalTimestamp = "2026-11-19T20:34:59.101Z"
    expect(at({ originalTimestamp, sentAt })).toBe("2026-11-19T20:35:00.000Z")
  })

  it("is the time of receipt when the client gave none, and ignores a bad sentAt", () => {
    expect(at({ sentAt })).toBe("2026-11-22T20:35:00.000Z")
    const timestamp = "2026-11-22T20:00:00.000Z"
    expect(at({ timestamp, sentAt: "soon" })).toBe(timestamp)
    expect(at({ timestamp: "soon", sentAt })).toBe("unreadable")
  })

  it("finds times outside the calendar of the store", () => {
    expect(timeFault(-1, received)).toBe("timestamp_before_1970")
    expect(timeFault(0, received)).toBeUndefined()
    expect(timeFault(received + 86_400_000, received)).toBeUndefined()
    expect(timeFault(received + 86_400_001, received)).toBe("timestamp_in_future")
    expect(timeFault(Number.NaN, received)).toBe("timestamp_unreadable")
  })
})
