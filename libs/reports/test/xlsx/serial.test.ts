import { expect, test } from "bun:test"
import { daySerial, instantSerials } from "../../src/xlsx/serial.ts"

test("days are counted as Excel counts them", () => {
  expect(daySerial("1900-03-01")).toBe(61)
  expect(daySerial("2026-03-01")).toBe(46_082)
  expect(daySerial("9999-12-31")).toBe(2_958_465)
  for (const none of ["1899-12-31", "2026-02-30", "2026-3-1", "", "=1"])
    expect(daySerial(none)).toBeNull()
})

test("instants are counted by the clocks of the time zone, over their changes", () => {
  const berlin = instantSerials("Europe/Berlin")
  expect(berlin("2026-03-28T23:00:00Z")).toBe(46_110)
  expect(berlin("2026-03-29T00:59:59Z")).toBeCloseTo(46_110 + 7199 / 86_400, 9)
  expect(berlin("2026-03-29T01:00:00Z")).toBeCloseTo(46_110 + 3 / 24, 9)
  expect(instantSerials("Asia/Kathmandu")("2026-01-01T00:00:00.500Z")).toBeCloseTo(
    46_023 + (5.75 * 3600 + 0.5) / 86_400,
    9
  )
  expect(instantSerials("No/Where")("2026-03-01T12:00:00Z")).toBe(46_082.5)
  expect(berlin("never")).toBeNull()
})
