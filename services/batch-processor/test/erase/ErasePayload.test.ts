import { expect, it } from "bun:test"
import { EARLIEST, LATEST } from "@analytics/analytics-core/query/Sql"
import { rangeOf } from "../../src/types/erase/ErasePayload.ts"

const rangeBetween = (from: string, to: string) =>
  rangeOf({ from: new Date(from), to: new Date(to) })

it("keeps a range to the instants that the store can say", () => {
  const [from, to] = ["2025-01-01T00:00:00.000Z", "2025-02-01T00:00:00.000Z"]
  expect(rangeBetween(from, to)).toEqual({
    from: Date.parse(from),
    to: Date.parse(to)
  })
  expect(rangeBetween("0001-01-01T00:00:00Z", "+200000-01-01T00:00:00Z")).toEqual({
    from: EARLIEST,
    to: LATEST
  })
  // Empty there, and still a range.
  expect(rangeBetween("0001-01-01T00:00:00Z", "0002-01-01T00:00:00Z")).toEqual({
    from: EARLIEST,
    to: EARLIEST + 1
  })
  expect(rangeBetween("9998-01-01T00:00:00Z", "9999-01-01T00:00:00Z")).toEqual({
    from: LATEST - 1,
    to: LATEST
  })
})
