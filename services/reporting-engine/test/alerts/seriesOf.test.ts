import { describe, expect, it } from "bun:test"
import { completed } from "../../src/alerts/AlertDefinition.ts"
import { AlertInvalid } from "../../src/alerts/AlertProblems.ts"
import { queryOf, seriesOf } from "../../src/alerts/seriesOf.ts"
import { above10 } from "./AlertWorld.ts"

const from = Date.parse("2026-11-22T23:00:00Z")
const to = Date.parse("2026-11-23T23:00:00Z")
const trends = { kind: "trends", series: [{ event: "Order", measure: "total" }] }
const alert = (
  series: Parameters<typeof seriesOf>[0]["series"],
  query: object = trends
) =>
  completed(
    { ...above10, interval: "day", query: { ...query }, ...(series ? { series } : {}) },
    "Europe/Berlin"
  )
const buckets = ["2026-11-22T23:00:00.000Z"]
const line = (name: string, value: number | null, breakdown: unknown = null) => ({
  name,
  breakdown,
  other: false,
  data: [value]
})
const valueIn = (asked: ReturnType<typeof alert>, series: ReadonlyArray<object>) => {
  const found = seriesOf(asked, asked.query ?? {}, { buckets, labels: [], series })
  return found instanceof AlertInvalid ? found.errors[0]?.pointer : found[0]?.value
}

describe("what an alert asks", () => {
  it("is its query over its buckets, whatever range that was of", () => {
    expect(
      queryOf(
        alert(null),
        { ...trends, range: "last_7d", interval: "week", compare: "previous_period" },
        from,
        to
      )
    ).toEqual({
      ...trends,
      interval: "day",
      timezone: "Europe/Berlin",
      weekStart: "monday",
      from: "2026-11-22T23:00:00.000Z",
      to: "2026-11-23T23:00:00.000Z"
    })
  })
  it("about a group is about that group alone", () => {
    const query = {
      ...trends,
      breakdown: ["plan", "$country"],
      filters: [{ property: "a", op: "is_set" }]
    }
    expect(queryOf(alert({ breakdown: ["pro", null] }), query, from, to)).toMatchObject(
      {
        breakdownLimit: 3,
        filters: {
          and: [
            { property: "a", op: "is_set" },
            { property: "plan", op: "is", value: "pro" },
            { property: "$country", op: "is_not_set" }
          ]
        }
      }
    )
  })
  it("must be a line over time", () => {
    const refused = queryOf(alert(null), { kind: "retention" }, from, to)
    expect(refused).toBeInstanceOf(AlertInvalid)
    expect(refused).toMatchObject({ errors: [{ pointer: "/query/kind" }] })
  })
})

describe("the watched line", () => {
  it("is the first, the formula's, or the one that is named", () => {
    expect(valueIn(alert(null), [line("A", 1), line("B", 2)])).toBe(1)
    const ratio = alert(null, { ...trends, formula: "A / B" })
    expect(valueIn(ratio, [line("A", 1), line("A / B", 2)])).toBe(2)
    expect(valueIn(alert({ name: "B" }), [line("A", 1), line("B", 2)])).toBe(2)
    expect(valueIn(alert({ name: "C" }), [line("A", 1)])).toBe("/series")
  })
  it("of a group is there with nothing when nothing happened", () => {
    const pro = line("A", 5, ["pro"])
    expect(valueIn(alert({ breakdown: ["pro"] }), [pro])).toBe(5)
    expect(valueIn(alert({ breakdown: ["free"] }), [pro])).toBe(0)
    const mean = { ...trends, series: [{ measure: "avg", property: "x" }] }
    expect(valueIn(alert({ breakdown: ["free"] }, mean), [pro])).toBeNull()
    // Which of the groups is meant must be said.
    expect(valueIn(alert(null), [pro])).toBe("/series")
  })
  it("of people who come and go is one of four", () => {
    const result = {
      buckets,
      labels: [],
      new: [1],
      returning: [2],
      resurrecting: [3],
      dormant: [-4]
    }
    const query = { kind: "lifecycle", interval: "day" }
    const of = (name: string) => seriesOf(alert({ name }, query), query, result)
    expect(of("dormant")).toEqual([{ start: from, value: -4 }])
    expect(of("new")).toEqual([{ start: from, value: 1 }])
  })
})
