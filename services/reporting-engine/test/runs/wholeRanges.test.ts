import { expect, it } from "bun:test"
import { isRange } from "../../src/definitions/parameters.ts"
import { before } from "../../src/runs/metricSection.ts"
import { rangeAt } from "../../src/runs/sectionQuery.ts"

const berlin = (name: string, at: string, weekStart?: string) =>
  rangeAt(name, "Europe/Berlin", Date.parse(at), weekStart)

it("whole weeks end where the current one begins, over a change of clocks", () => {
  expect(berlin("last_4w", "2026-04-08T09:00:00Z")).toEqual({
    from: "2026-03-08T23:00:00.000Z",
    to: "2026-04-05T22:00:00.000Z"
  })
  expect(berlin("last_4w", "2026-04-08T09:00:00Z", "sunday")).toEqual({
    from: "2026-03-07T23:00:00.000Z",
    to: "2026-04-04T22:00:00.000Z"
  })
  expect(berlin("last_1w", "2026-04-08T09:00:00Z")).toEqual(
    berlin("last_week", "2026-04-08T09:00:00Z")
  )
})

it("whole months are those of the calendar", () => {
  expect(berlin("last_12m", "2024-03-31T10:00:00Z")).toEqual({
    from: "2023-02-28T23:00:00.000Z",
    to: "2024-02-29T23:00:00.000Z"
  })
})

it("the period before is whole weeks, too, over a change of clocks", () => {
  const week = berlin("last_week", "2026-04-01T09:00:00Z")
  expect(before({ ...week, kind: "retention" }, "Europe/Berlin")).toEqual({
    kind: "retention",
    from: "2026-03-15T23:00:00.000Z",
    to: "2026-03-22T23:00:00.000Z"
  })
})

it("such ranges are known, and no others", () => {
  expect(["last_4w", "last_12m", "last_999w"].map(isRange)).toEqual([true, true, true])
  expect(["last_0w", "last_w", "last_1000m", "last_4y"].map(isRange)).toEqual([
    false,
    false,
    false,
    false
  ])
})
