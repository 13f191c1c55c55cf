import { describe, expect, it } from "bun:test"
import { blockOf } from "../../src/blocks/blockOf.ts"
import { chartTable } from "../../src/chart/chartTable.ts"

const asOf = "2026-03-31T00:00:00.000Z"

const asked = (request: Readonly<Record<string, unknown>>, result: unknown) =>
  blockOf({
    title: "A title",
    request,
    answer: { kind: String(request["kind"]), result, asOf },
    timezone: "UTC"
  })

const chartOf = (block: ReturnType<typeof blockOf>) => {
  if (block.type !== "chart") throw new Error(`a ${block.type}`)
  return block.chart
}

describe("what answers are called", () => {
  const group = (value: string, data: number) => ({
    name: "A",
    breakdown: [value],
    other: false,
    data: [data]
  })
  const trends = (breakdown: string, series: ReadonlyArray<object>, name?: string) =>
    asked(
      {
        kind: "trends",
        interval: "none",
        series: [{ measure: "unique_users", ...(name === undefined ? {} : { name }) }],
        breakdown: [breakdown]
      },
      { buckets: ["2026-03-01T00:00:00.000Z"], labels: ["2026-03-01"], series }
    )

  it("a split by event says so, and who was counted", () => {
    const chart = chartOf(
      trends("$event", [group("$pageview", 7), group("Order Completed", 3)])
    )
    const { columns, rows } = chartTable(chart)
    expect(columns.map(({ name }) => name)).toEqual(["Event", "People"])
    expect(rows).toEqual([
      ["Page view", 7],
      ["Order Completed", 3]
    ])
  })

  it("a value that looks like a built-in event is left alone elsewhere", () => {
    const chart = chartOf(trends("plan", [group("$pageview", 7), group("pro", 1)]))
    expect(chartTable(chart)).toMatchObject({
      columns: [{ name: "plan" }, { name: "People" }],
      rows: [
        ["$pageview", 7],
        ["pro", 1]
      ]
    })
  })

  it("nothing is said of coming more often than anybody came", () => {
    const people = [5, 0, 2, 0, 0]
    const chart = chartOf(
      asked(
        { kind: "stickiness", interval: "day" },
        { counts: people.map((it, at) => ({ buckets: at + 1, people: it })) }
      )
    )
    expect(chartTable(chart).rows).toEqual([
      ["1 day", 5],
      ["2 days", 0],
      ["3 days", 2]
    ])
  })

  it("cohorts begin with the first that has people, as days", () => {
    const cohort = (start: string, size: number, counts: ReadonlyArray<number>) => ({
      start,
      size,
      counts,
      rates: counts.map((it) => (size === 0 ? null : it / size))
    })
    const chart = chartOf(
      asked(
        { kind: "retention", interval: "week" },
        {
          cohorts: [
            cohort("2026-03-02T00:00:00.000Z", 0, [0, 0, 0, 0]),
            cohort("2026-03-09T00:00:00.000Z", 4, [4, 2, 1]),
            cohort("2026-03-16T00:00:00.000Z", 0, [0, 0]),
            cohort("2026-03-23T00:00:00.000Z", 2, [2])
          ]
        }
      )
    )
    const { columns, rows } = chartTable(chart)
    expect(columns[0]).toEqual({ name: "Cohort", kind: "date" })
    expect(rows.map(([label]) => label)).toEqual([
      "2026-03-09",
      "2026-03-16",
      "2026-03-23"
    ])
  })
})
