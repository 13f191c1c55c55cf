import { describe, expect, it, setDefaultTimeout } from "bun:test"
import { Resvg } from "@resvg/resvg-js"
import * as fc from "fast-check"
import type { Chart } from "../../src/Chart.ts"
import type { ChartTheme } from "../../src/chart/ChartOptions.ts"
import { chartSvg } from "../../src/chart/chartSvg.ts"
import { chartTable } from "../../src/chart/chartTable.ts"
import { anyChart } from "../support/chartArbitrary.ts"
import { sampleCharts } from "../support/sampleCharts.ts"
import { drawnTexts, overlaps, tagsOf } from "../support/svgTexts.ts"

setDefaultTimeout(120_000)

const allowed = new Set("svg title desc defs pattern rect g path line text".split(" "))

/** Everything that must hold of any chart's picture. */
const judge = (chart: Chart, theme: ChartTheme, width: number): void => {
  const svg = chartSvg(chart, {
    theme,
    width,
    locale: "en",
    timezone: "Europe/Berlin",
    title: "</title><script>",
    id: "x1"
  })
  // A strict XML parser reads it.
  new Resvg(svg, { font: { loadSystemFonts: false } })
  const tags = tagsOf(svg)
  const names = new Set(tags.map((tag) => /^<\/?([a-z]+)/u.exec(tag)?.[1] ?? tag))
  expect(names.difference(allowed).size).toBe(0)
  const markup = tags.join("")
  expect(markup.match(/.{9}(?:NaN|undefined|Infinity|null|\d[eE][+-]\d)/gu)).toBeNull()
  expect(markup.match(/ on[a-z]+=|href|style=|url\((?!#x1-)|class=/gu)).toBeNull()
  const ids = [...markup.matchAll(/ id="([^"]*)"/gu)].map(([, id]) => id ?? "")
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.every((id) => id.startsWith("x1-"))).toBeTrue()

  const [, wide = "0", high = "0"] = /viewBox="0 0 (\d+) (\d+)"/u.exec(svg) ?? []
  expect(Number(wide)).toBe(width)
  const texts = drawnTexts(svg)
  const outside = texts.filter(
    ({ left, right, top, bottom }) =>
      left < -0.5 || right > width + 0.5 || top < 0 || bottom > Number(high)
  )
  expect(outside).toEqual([])
  expect(overlaps(texts)).toEqual([])
}

const themes = ["light", "dark", "print"] as const

describe("the picture of a chart", () => {
  for (const [name, chart] of Object.entries(sampleCharts))
    it(`is whole: ${name}`, () => {
      judge(chart, "light", 260)
      judge(chart, "dark", 480)
      judge(chart, "print", 900)
    })

  it("is well-formed, finite, within its bounds and without overlaps, whatever it shows", () => {
    fc.assert(
      fc.property(
        anyChart,
        fc.constantFrom(...themes),
        fc.integer({ min: 240, max: 1200 }),
        judge
      ),
      { numRuns: process.env["TEST_LONG"] ? 3000 : 60 }
    )
  })
})

describe("the table of a chart", () => {
  it("is as wide as its columns and has no numbers that are none", () => {
    fc.assert(
      fc.property(anyChart, (chart) => {
        const { columns, rows } = chartTable(chart)
        for (const row of rows) {
          expect(row.length).toBe(columns.length)
          for (const cell of row)
            if (typeof cell === "number") expect(Number.isFinite(cell)).toBeTrue()
        }
      })
    )
  })

  it("has every number of the picture", () => {
    const { columns, rows } = chartTable(sampleCharts["line: forecast"] ?? never())
    expect(columns.map(({ name }) => name)).toEqual([
      "Date",
      "Orders",
      "Orders (forecast)",
      "Orders (forecast), at least",
      "Orders (forecast), at most"
    ])
    expect(rows[23]?.slice(0, 3)).toEqual(["2026-03-24", 1214, null])
    expect(rows[24]?.[1]).toBeNull()
  })
})

const never = (): never => {
  throw new Error("no such chart")
}
