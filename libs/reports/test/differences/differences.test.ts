import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { differences, differenceText } from "../../src/differences/differences.ts"
import type { Block, ReportDocument } from "../../src/ReportDocument.ts"

const of = (...blocks: ReadonlyArray<Block>): ReportDocument => ({
  title: "R",
  project: "P",
  timezone: "UTC",
  locale: "en",
  asOf: "2026-03-02T00:00:00.000Z",
  notices: [],
  blocks
})

const number = (title: string, value: number | null): Block => ({
  type: "metrics",
  metrics: [
    {
      title,
      metric: { form: "number", values: { kind: "currency", unit: "EUR" }, value }
    }
  ]
})
const line = (title: string, data: ReadonlyArray<number | null>): Block => ({
  type: "chart",
  title,
  chart: {
    form: "line",
    axis: "time",
    labels: data.map((_, day) => `2026-03-0${day + 1}`),
    values: { kind: "integer" },
    series: [
      { name: "A", data },
      { name: "before", data: data.map(() => Math.PI), role: "compare" }
    ]
  }
})
const table = (rows: ReadonlyArray<readonly [string, number]>): Block => ({
  type: "table",
  title: "Pages",
  table: {
    columns: [
      { name: "Page", kind: "text" },
      { name: "Views", kind: "integer" }
    ],
    rows
  }
})
const failed: Block = { type: "failed", title: "Paths", detail: "Away." }

const texts = (before: ReportDocument, after: ReportDocument, tolerance = 0) =>
  differences(before, after, tolerance).map(differenceText)

describe("differences", () => {
  it("name section, number, before and after", () => {
    const before = of(
      number("Revenue", 1204),
      line("People", [1, 2]),
      table([["/", 5]])
    )
    const after = of(
      number("Revenue", 1260),
      line("People", [1, 3]),
      table([
        ["/new", 2],
        ["/", 6]
      ])
    )
    expect(texts(before, after)).toEqual([
      "Revenue: €1,204.00 → €1,260.00",
      "People, A, 2026-03-02: 2 → 3",
      "Pages, /new, Views: – → 2",
      "Pages, /, Views: 5 → 6"
    ])
  })

  it("are none where nothing and 0 changed places, or rows did", () => {
    expect(texts(of(number("R", null)), of(number("R", 0)))).toEqual([])
    const rows = [
      ["a", 1],
      ["b", 2]
    ] as const
    expect(texts(of(table(rows)), of(table(rows.toReversed())))).toEqual([])
  })

  it("say nothing of a section that cannot be made now, and when one can again", () => {
    const whole = of(number("R", 1), line("Paths", [4]))
    expect(texts(whole, of(number("R", 1), failed))).toEqual([])
    expect(texts(of(number("R", 1), failed), whole)).toEqual([
      "Paths: could not be made → is there now"
    ])
  })

  it("do not name what is only called otherwise beside a new series", () => {
    const chart = (series: Record<string, ReadonlyArray<number>>): Block => ({
      type: "chart",
      title: "Orders",
      chart: {
        form: "line",
        axis: "time",
        labels: ["2026-03-01"],
        values: { kind: "integer" },
        series: Object.entries(series).map(([name, data]) => ({ name, data }))
      }
    })
    expect(texts(of(chart({ DE: [5] })), of(chart({ DE: [5], FR: [2] })))).toEqual([
      "Orders, FR, 2026-03-01: – → 2"
    ])
  })

  it("tell sections of the same name apart", () => {
    const before = of(number("R", 1), number("R", 2))
    expect(texts(before, of(number("R", 1), number("R", 3)))).toEqual([
      "R: €2.00 → €3.00"
    ])
  })

  it("are none of a document and itself, and exactly what is beyond the tolerance", () => {
    const data = fc.array(fc.option(fc.integer({ min: -1000, max: 1000 })), {
      minLength: 1,
      maxLength: 9
    })
    fc.assert(
      fc.property(
        data,
        data,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (a, b, share) => {
          const [before, after] = [of(line("L", a)), of(line("L", b))]
          expect(differences(before, before, 0)).toEqual([])
          const days = Array.from(
            { length: Math.max(a.length, b.length) },
            (_, day) => day
          )
          const wanted = days.filter((day) => {
            const [left, right] = [a[day] ?? 0, b[day] ?? 0]
            return (
              Math.abs(left - right) > share * Math.max(Math.abs(left), Math.abs(right))
            )
          })
          expect(differences(before, after, share).length).toBe(wanted.length)
        }
      )
    )
  })
})
