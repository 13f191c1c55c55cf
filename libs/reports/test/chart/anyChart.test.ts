import { describe, expect, it, setDefaultTimeout } from "bun:test"
import { Resvg } from "@resvg/resvg-js"
import * as fc from "fast-check"
import { chartTable } from "../../src/chart/chartTable.ts"
import { anyChart } from "../support/chartArbitrary.ts"
import { drawn, drawnSamples } from "../support/chartDigests.ts"
import { sampleCharts } from "../support/sampleCharts.ts"
import { drawnTexts, overlaps, tagsOf } from "../support/svgTexts.ts"
import digests from "./digests.json"

setDefaultTimeout(600_000)

const allowed = new Set("svg title desc defs pattern rect g path line text".split(" "))

/** Everything that must hold of any chart's picture. */
const judge = (svg: string, width: number): void => {
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
  expect(svg).toContain('<title id="x1-title">&lt;/title&gt;&lt;script&gt;</title>')
  expect(/<desc id="x1-desc">(.*?)<\/desc>/u.exec(svg)?.[1]?.trim()).not.toBe("")
  const texts = drawnTexts(svg).filter(({ text }) => text.trim() !== "")
  const outside = texts.filter(
    ({ left, right, top, bottom }) =>
      left < -0.5 || right > width + 0.5 || top < 0 || bottom > Number(high)
  )
  expect(outside).toEqual([])
  expect(overlaps(texts)).toEqual([])
}

describe("the picture of a chart", () => {
  it("is whole, and as it was when it was last looked at", () => {
    const found = drawnSamples()
    for (const { pictures } of found)
      for (const { look, svg } of pictures) judge(svg, look.width)
    // Where a change is meant: look at the sheets of scripts/contactSheet.ts, then run
    // scripts/chartDigests.ts.
    expect(Object.fromEntries(found.map(({ name, digest }) => [name, digest]))).toEqual(
      digests
    )
  })

  it("is well-formed, finite, within its bounds and without overlaps, whatever it shows", () => {
    fc.assert(
      fc.property(
        anyChart,
        fc.record({
          theme: fc.constantFrom("light", "dark", "print"),
          // Crowded where it is narrow.
          width: fc.oneof(
            fc.integer({ min: 240, max: 400 }),
            fc.integer({ min: 240, max: 1200 })
          ),
          locale: fc.constantFrom("en", "de", "ar-EG", "ja", "fr", "en-IN")
        }),
        (chart, look) => judge(drawn(chart, look), look.width)
      ),
      { numRuns: process.env["TEST_LONG"] ? 3000 : 200 }
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
