import { expect, it } from "bun:test"
import { timeLabels } from "../../src/chart/labels.ts"

const short = (...labels: ReadonlyArray<string>) =>
  timeLabels(labels, "en-GB").map((it) => it.short)

it("months are months, days are days, a single first of a month is a day", () => {
  expect(short("2025-12-01", "2026-01-01")).toEqual(["Dec 2025", "Jan 2026"])
  expect(short("2026-01-31", "2026-02-01")).toEqual(["31 Jan", "1 Feb"])
  expect(short("2025-12-31", "2026-01-01")).toEqual(["31 Dec 2025", "1 Jan 2026"])
  expect(short("2026-02-01")).toEqual(["1 Feb"])
})
