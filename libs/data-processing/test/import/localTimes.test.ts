import { describe, expect, it } from "bun:test"
import { toEventOf } from "../../src/import/formats.ts"
import { wallClock } from "../../src/import/localTimes.ts"
import { row } from "../../src/readers/Row.ts"

const at = (zone: string, wall: string) => {
  const correct = wallClock(zone)
  if (correct === undefined) return undefined
  const milliseconds = Date.parse(`${wall}Z`)
  const inSeconds = correct(milliseconds / 1000) * 1000
  expect(correct(milliseconds)).toBe(inSeconds)
  return new Date(inSeconds).toISOString()
}

describe("wallClock", () => {
  it.each([
    ["America/Los_Angeles", "2022-01-01T00:00:00", "2022-01-01T08:00:00.000Z"],
    ["America/Los_Angeles", "2022-07-01T00:00:00", "2022-07-01T07:00:00.000Z"],
    // The hour that is left out, and the first of the one that comes twice.
    ["America/Los_Angeles", "2022-03-13T02:30:00", "2022-03-13T10:30:00.000Z"],
    ["America/Los_Angeles", "2022-11-06T01:30:00", "2022-11-06T08:30:00.000Z"],
    ["America/Los_Angeles", "2022-11-06T02:00:00", "2022-11-06T10:00:00.000Z"],
    ["Asia/Kathmandu", "2022-01-01T00:00:00", "2021-12-31T18:15:00.000Z"],
    ["+02:00", "2022-01-01T00:00:00", "2021-12-31T22:00:00.000Z"],
    ["UTC", "2022-01-01T00:00:00", "2022-01-01T00:00:00.000Z"],
    ["Mars/Base", "2022-01-01T00:00:00", undefined]
  ])("%s %s", (zone, wall, instant) => {
    expect(at(zone, wall)).toBe(instant)
  })
})

describe("Mixpanel's export of a project with a clock of its own", () => {
  const exported = row(1, {
    event: "Sign up",
    properties: { time: 1_640_995_200, distinct_id: "u", $insert_id: "i", n: 1 }
  })
  const timeOf = (timeZone?: string) => {
    const { event } = toEventOf(
      "ndjson",
      undefined,
      "mixpanel",
      timeZone
    )(exported, "f")
    return event
  }

  it("is UTC unless a time zone is named, and differs in nothing else", () => {
    expect(timeOf()).toMatchObject({ timestamp: 1_640_995_200, messageId: "i" })
    expect(timeOf("America/Los_Angeles")).toEqual({
      ...timeOf(),
      timestamp: 1_640_995_200 + 8 * 3600
    })
  })
})
