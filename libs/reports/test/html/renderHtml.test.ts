import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { blocksHtml } from "../../src/html/blocksHtml.ts"
import { renderHtml } from "../../src/html/renderHtml.ts"
import type { ReportDocument } from "../../src/ReportDocument.ts"
import { hostileReport } from "../support/hostileReport.ts"
import { pageParts, unsafe } from "../support/pageParts.ts"
import { sampleReport } from "../support/sampleReport.ts"

setDefaultTimeout(60_000)

const page = (document: ReportDocument) =>
  new TextDecoder().decode(renderHtml(document).bytes)

const sample = page(sampleReport)
const hostile = page(hostileReport)

describe("a page", () => {
  test("asks nobody for anything and runs nothing, whatever people write", async () => {
    for (const text of [sample, hostile]) {
      const { elements } = await pageParts(text)
      expect(unsafe(elements)).toEqual([])
      const policies = elements.filter(
        ({ attributes }) => attributes.get("http-equiv") === "Content-Security-Policy"
      )
      expect(policies.map(({ attributes }) => attributes.get("content"))).toEqual([
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
      ])
    }
  })

  test("shows what people wrote as text, bounded", async () => {
    expect(hostile).toContain("&lt;script&gt;alert(1)&lt;/script&gt;")
    expect(hostile).toContain("<title>&lt;script&gt;")
    expect(hostile).toContain("[cut: 10000000 characters]")
    expect(hostile.isWellFormed()).toBe(true)
    expect(hostile).not.toContain("\u0000")
    expect(hostile.length).toBeLessThan(3_000_000)
  })

  test("can be read without seeing it", async () => {
    const { elements } = await pageParts(sample)
    const count = (tag: string) => elements.filter((each) => each.tag === tag).length
    expect([count("main"), count("header"), count("footer"), count("h1")]).toEqual([
      1, 1, 1, 1
    ])
    let last = 0
    for (const { tag } of elements) {
      const level = Number(/^h([1-6])$/u.exec(tag)?.[1] ?? Number.NaN)
      if (Number.isNaN(level)) continue
      expect(level).toBeLessThanOrEqual(last + 1)
      last = level
    }
    const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    for (const { attributes } of elements) {
      const named = attributes.get("aria-labelledby")
      if (named !== undefined)
        for (const id of named.split(" ")) expect(ids).toContain(id)
    }
    expect(elements.find(({ tag }) => tag === "html")?.attributes.get("lang")).toBe(
      "en-GB"
    )
    // The table within the Markdown has no title to be a caption.
    expect(count("caption")).toBe(count("table") - 1)
    for (const { tag, attributes } of elements)
      if (tag === "th") expect(["col", "row"]).toContain(attributes.get("scope") ?? "")
    // Each chart, and its numbers as a table.
    expect(count("figure")).toBe(8)
    expect(count("table")).toBe(10)
  })

  test("leaves no level of headings out, however a text begins", async () => {
    const { elements } = await pageParts(
      page({
        ...sampleReport,
        blocks: [
          { type: "markdown", text: "#### Deep\n\n# Up\n\n###### Deeper" },
          { type: "failed", title: "Section", detail: "why" }
        ]
      })
    )
    const levels = elements.flatMap(({ tag }) => (/^h[1-6]$/u.test(tag) ? tag : []))
    expect(levels).toEqual(["h1", "h2", "h2", "h3", "h4"])
  })

  test("is written from right to left where its locale is", async () => {
    const { elements } = await pageParts(page({ ...sampleReport, locale: "ar-EG" }))
    expect(elements.find(({ tag }) => tag === "html")?.attributes.get("dir")).toBe(
      "rtl"
    )
  })

  test("is bounded also where its blocks are arranged by others", () => {
    const text = (letters: number) => ({
      type: "markdown" as const,
      text: "a".repeat(letters)
    })
    const document = { ...sampleReport, blocks: [text(100), text(1000), text(100)] }
    const [first, ...others] = blocksHtml(document, 1000)
    expect(first).toContain("aaaa")
    expect(others.map((it) => it.includes("no room"))).toEqual([true, true])
    expect(blocksHtml(document).join("")).not.toContain("no room")
  })

  test("says what of a table it does not show", () => {
    const long = page({
      ...sampleReport,
      blocks: [
        {
          type: "table",
          title: "Long",
          table: {
            columns: [{ name: "n", kind: "integer" }],
            rows: Array.from({ length: 1500 }, (_, at) => [at])
          }
        }
      ]
    })
    expect(long).toContain("1,000 of 1,500 rows are shown.")
    expect(page({ ...sampleReport, blocks: [] })).toContain(
      "This report has no sections."
    )
  })
})
