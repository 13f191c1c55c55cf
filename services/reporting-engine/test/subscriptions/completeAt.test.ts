import { describe, expect, it } from "bun:test"
import type { Section } from "../../src/definitions/ReportDefinition.ts"
import { completeAt } from "../../src/subscriptions/completeAt.ts"

const monday = Date.parse("2026-03-30T06:00:00Z")
const end = (sections: ReadonlyArray<Section>, range?: string) =>
  new Date(
    completeAt(
      { title: "R", sections, ...(range === undefined ? {} : { range }) },
      new Map([["period", "yesterday"]]),
      "Europe/Berlin",
      monday
    )
  ).toISOString()

const query = (more: object): Section => ({
  type: "query",
  title: "Q",
  query: { kind: "trends", ...more }
})
const insight: Section = {
  type: "insight",
  insight: "0198c6a8-0000-7000-8000-00000000000a"
}
const text: Section = { type: "markdown", text: "Hello" }
/** Clocks went to summer time the day before. */
const endOfWeek = "2026-03-29T22:00:00.000Z"
const now = new Date(monday).toISOString()

describe("data must be there", () => {
  it("up to the end of the report's range, by the wall clock", () => {
    expect(end([text, query({})], "last_week")).toBe(endOfWeek)
    expect(end([text], "last_week")).toBe(endOfWeek)
    expect(end([insight], "last_week")).toBe(endOfWeek)
  })

  it("up to the last of its ranges", () => {
    expect(end([query({}), query({ range: "today" })], "last_week")).toBe(now)
    expect(end([query({ range: { $parameter: "period" } })], "last_30d")).toBe(
      endOfWeek
    )
    expect(
      end([query({ from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" })])
    ).toBe("2026-02-01T00:00:00.000Z")
  })

  it("never longer than the report is of", () => {
    expect(end([query({})], "this_month")).toBe(now)
    expect(end([query({ to: "2030-01-01T00:00:00Z" })])).toBe(now)
  })

  it("up to then where nobody here knows better", () => {
    expect(end([insight])).toBe(now)
    expect(end([query({ kind: "sql" })], "last_week")).toBe(now)
    expect(end([query({ of: { query: {} } })], "last_week")).toBe(now)
    expect(end([query({ range: "nonsense" })], "last_week")).toBe(now)
  })
})
