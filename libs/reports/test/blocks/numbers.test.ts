import { describe, expect, it } from "bun:test"
import type { Asked } from "../../src/blocks/Asked.ts"
import { blockOf, metricOf } from "../../src/blocks/blockOf.ts"
import { sections } from "../../src/format/sections.ts"
import { shownTable } from "../../src/format/shownTable.ts"
import { blocksHtml } from "../../src/html/blocksHtml.ts"
import { renderText } from "../../src/text/renderText.ts"
import { cutNote } from "../../src/xlsx/tableSheet.ts"

const line = (
  data: ReadonlyArray<number | null>,
  { breakdown = null, name = "A", other = false }: Partial<Named> = {}
) => ({ name, breakdown, other, data })

interface Named {
  readonly breakdown: ReadonlyArray<unknown> | null
  readonly name: string
  readonly other: boolean
}

const days = ["2026-03-01", "2026-03-02", "2026-03-03"]
const over = (series: ReadonlyArray<object>, more: object = {}) => ({
  buckets: days.map((day) => `${day}T00:00:00.000Z`),
  labels: days,
  series,
  ...more
})
const once = (series: ReadonlyArray<object>, more: object = {}) => ({
  buckets: ["2026-03-01T00:00:00.000Z"],
  labels: ["2026-03-01"],
  series,
  ...more
})

const asked = (
  request: Readonly<Record<string, unknown>>,
  result: unknown,
  more: Partial<Asked> = {},
  asOf = "2026-06-01T00:00:00.000Z"
): Asked => ({
  title: "A title",
  request,
  answer: { kind: String(request["kind"]), result, asOf },
  timezone: "UTC",
  ...more
})

const trends = { kind: "trends", interval: "day", series: [{ measure: "total" }] }

const chartOf = (it: Asked) => {
  const block = blockOf(it)
  if (block.type !== "chart") throw new Error(JSON.stringify(block))
  return block
}

describe("one number", () => {
  it("is of the last bucket that is over, also where the range is", () => {
    const result = over([line([1, 2, 3])])
    expect(metricOf(asked(trends, result))).toMatchObject({
      value: 3,
      sparkline: [1, 2, 3]
    })
    const open = asked(trends, result, {}, "2026-03-03T12:00:00.000Z")
    expect(metricOf(open)).toMatchObject({ value: 2, sparkline: [1, 2] })
  })

  it("is of no bucket that the range cuts", () => {
    const request = { ...trends, to: "2026-03-03T12:00:00.000Z" }
    expect(metricOf(asked(request, over([line([1, 2, 3])])))?.value).toBe(2)
  })

  it("ends its days where the zone does", () => {
    const result = {
      ...over([line([1, 2])]),
      buckets: ["2026-02-28T23:00:00.000Z", "2026-03-01T23:00:00.000Z"],
      labels: days.slice(0, 2)
    }
    const at = (asOf: string) =>
      metricOf(asked(trends, result, { timezone: "Europe/Berlin" }, asOf))?.value
    expect([at("2026-03-02T22:59:59Z"), at("2026-03-02T23:00:00Z")]).toEqual([1, 2])
  })

  it("is none of several groups", () => {
    const groups = [line([10], { breakdown: ["de"] }), line([1], { other: true })]
    const request = { ...trends, interval: "none", breakdown: ["country"] }
    expect(metricOf(asked(request, once(groups)))).toBeUndefined()
    const steps = [{ event: "a", count: 1, rateFromFirst: 1, rateFromPrevious: null }]
    const funnel = ["de", "fr"].map((it) => ({ breakdown: [it], other: false, steps }))
    expect(metricOf(asked({ kind: "funnel" }, { groups: funnel }))).toBeUndefined()
  })
})

describe("groups", () => {
  const request = { ...trends, interval: "none", breakdown: ["x"] }

  it("of one name are all there", () => {
    const values = ["1", 1, null, "(none)", "Other"]
    const series = [
      ...values.map((it, at) => line([at], { breakdown: [it] })),
      line([9], { other: true })
    ]
    expect(chartOf(asked(request, once(series))).chart).toMatchObject({
      labels: ["1", "1", "(none)", "(none)", "Other", "Other"],
      series: [{ data: [0, 1, 2, 3, 4, 9] }]
    })
  })

  it("are compared with themselves", () => {
    const groups = (...data: ReadonlyArray<number>) =>
      ["de", "fr"].map((it, at) => line([data[at] ?? 0], { breakdown: [it] }))
    const result = once(groups(5, 6), { compare: once(groups(3, 4)) })
    expect(chartOf(asked(request, result)).chart).toMatchObject({
      labels: ["de", "fr"],
      series: [{ data: [5, 6] }, { data: [3, 4], role: "compare" }]
    })
  })
})

describe("lines", () => {
  it("of a formula are those whose kind of number was said", () => {
    const request = { ...trends, formula: "A / B" }
    const result = over([
      line([10, 10, 10]),
      line([40, 20, 10], { name: "B" }),
      line([0.25, 0.5, 1], { name: "A / B" })
    ])
    const names = (more: Partial<Asked>) => {
      const { chart } = chartOf(asked(request, result, more))
      return "series" in chart ? chart.series.map(({ name }) => name) : []
    }
    expect(names({ shown: { values: { kind: "percent" } } })).toEqual(["A / B"])
    expect(names({})).toHaveLength(3)
  })

  it("are called as they were asked for, also where one is called B", () => {
    const series = [{ name: "B", measure: "total" }, { measure: "sessions" }]
    const result = over([line([1, 1, 1], { name: "B" }), line([2, 2, 2])])
    // The second one asked for has the next free letter.
    const named = {
      ...result,
      series: [result.series[0], line([2, 2, 2], { name: "A" })]
    }
    expect(chartOf(asked({ ...trends, series }, named)).chart).toMatchObject({
      series: [{ name: "B" }, { name: "Sessions" }]
    })
  })

  it("say which bucket is open, when a forecast goes on behind it", () => {
    const forecast = {
      buckets: ["2026-03-03T00:00:00.000Z", "2026-03-04T00:00:00.000Z"],
      labels: ["2026-03-03", "2026-03-04"],
      level: 0.9,
      series: [
        {
          ...line([9, 9]),
          lower: [8, 8],
          upper: [10, 10],
          model: "naive",
          coverage: 1,
          refused: null
        }
      ]
    }
    const result = over([line([1, 2, 3])], { forecast })
    const { chart, description } = chartOf(
      asked(trends, result, {}, "2026-03-03T10:00:00.000Z")
    )
    expect(chart).not.toHaveProperty("openEnd")
    expect(description).toContain("2026-03-03 has not ended")
  })
})

describe("numbers that a share link hides", () => {
  const steps = [30, null].map((count, at) => ({
    event: `step ${at}`,
    count,
    rateFromFirst: count === null ? null : 1,
    rateFromPrevious: null
  }))
  const hidden = [
    ["funnel", { groups: [{ breakdown: null, other: false, steps }] }],
    [
      "retention",
      {
        cohorts: [
          {
            start: "2026-03-01T00:00:00.000Z",
            size: null,
            counts: [null],
            rates: [null]
          },
          { start: "2026-03-02T00:00:00.000Z", size: 40, counts: [40], rates: [1] }
        ]
      }
    ],
    [
      "stickiness",
      { counts: [20, null].map((people, at) => ({ buckets: at + 1, people })) }
    ],
    [
      "lifecycle",
      {
        buckets: ["2026-03-01T00:00:00.000Z"],
        labels: ["2026-03-01"],
        new: [12],
        returning: [null],
        resurrecting: [null],
        dormant: [null]
      }
    ]
  ] as const

  it.each(hidden)("are left out of a %s", (kind, result) => {
    expect(chartOf(asked({ kind, interval: "day" }, result)).chart.form).toBeDefined()
  })

  it("leave how many sessions there were", () => {
    const result = over([line([null, null, null])], { count: 1234 })
    expect(chartOf(asked({ kind: "sessions", interval: "day" }, result)).chart).toEqual(
      {
        form: "number",
        values: { kind: "integer" },
        value: 1234
      }
    )
  })
})

describe("a picture without room for all", () => {
  const data = Array.from({ length: 30 }, (_, at) => at)

  it("has all groups beside it, for spreadsheets and readers", () => {
    const groups = data.map((it) => line([it, it, it], { breakdown: [`group ${it}`] }))
    const block = chartOf(asked({ ...trends, breakdown: ["x"] }, over(groups)))
    expect(block.description).toBe("The 8 largest of 30 groups are drawn.")
    expect("series" in block.chart && block.chart.series).toHaveLength(8)
    const document = {
      title: "",
      project: "",
      timezone: "UTC",
      locale: "en",
      asOf: "2026-06-01T00:00:00.000Z",
      notices: [],
      blocks: [block]
    }
    expect(sections(document)[0]?.table.columns).toHaveLength(31)
    expect(blocksHtml(document)[0]).toContain("group 0")
    expect(renderText(document)).toContain("group 0")
  })

  it("has nothing beside it where it has all", () => {
    expect(chartOf(asked(trends, over([line([1, 2, 3])])))).not.toHaveProperty(
      "numbers"
    )
  })
})

describe("tables", () => {
  it("have nothing where somebody has no property of a name that all objects have", () => {
    const seen = "2026-03-03T10:00:00.000Z"
    const person = (traits: object) => ({
      personId: "p",
      ids: [],
      firstSeen: seen,
      lastSeen: seen,
      traits
    })
    const people = [person({ constructor: "x" }), person({})]
    expect(
      blockOf(asked({ kind: "people" }, { people, nextCursor: null }))
    ).toMatchObject({
      table: {
        rows: [
          ["p", "x", seen, seen],
          ["p", null, seen, seen]
        ]
      }
    })
  })

  it("say that there are more rows than they have", () => {
    const columns = [{ name: "n", type: "UInt64" }]
    const block = blockOf(
      asked({ kind: "sql" }, { columns, rows: [["1"], ["2"]], truncated: true })
    )
    if (block.type !== "table") throw new Error(block.type)
    const limits = { rows: 10, columns: 10, cell: 10, total: 100 }
    const writing = { locale: "en", timezone: "UTC" }
    const { note } = shownTable(block.table, limits, writing)
    expect(note).toBe("2 of more than 2 rows are shown.")
    expect(cutNote(block.table)).toBe("2 of more than 2 rows are in this sheet.")
  })

  it("read times of SQL in the zone of their column", () => {
    const types = ["DateTime64(3)", "Nullable(DateTime('Europe/Berlin'))"]
    const result = {
      columns: types.map((type) => ({ name: type, type })),
      rows: [["2026-07-01 12:00:00.500", "2026-07-01 12:00:00"]],
      truncated: false
    }
    expect(blockOf(asked({ kind: "sql" }, result))).toMatchObject({
      table: { rows: [["2026-07-01T12:00:00.500Z", "2026-07-01T10:00:00.000Z"]] }
    })
  })
})
