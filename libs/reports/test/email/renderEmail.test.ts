import { describe, expect, setDefaultTimeout, test } from "bun:test"
import { renderEmail } from "../../src/email/renderEmail.ts"
import { hostileReport } from "../support/hostileReport.ts"
import { pageParts, unsafe } from "../support/pageParts.ts"
import { sampleReport } from "../support/sampleReport.ts"

setDefaultTimeout(60_000)

const options = {
  href: "https://reports.example.org/r/1?a=1&b=2",
  attached: true,
  footer: [
    { text: "Unsubscribe <here>", href: "https://reports.example.org/u/1" },
    { text: "Bad", href: "javascript:alert(1)" }
  ]
}

describe("a mail", () => {
  test("has its charts as pictures within it, and a text for each", async () => {
    const mail = renderEmail(sampleReport, options)
    const { elements } = await pageParts(mail.html)
    expect(unsafe(elements)).toEqual([])
    const pictures = elements.filter(({ tag }) => tag === "img")
    expect(pictures.map(({ attributes }) => attributes.get("src"))).toEqual(
      mail.images.map(({ cid }) => `cid:${cid}`)
    )
    expect(pictures.length).toBe(8)
    for (const { attributes } of pictures)
      expect(attributes.get("alt")?.length).toBeGreaterThan(10)
    for (const { bytes } of mail.images)
      expect(bytes.slice(0, 4)).toEqual(new Uint8Array([0x89, 0x50, 0x4e, 0x47]))
    expect(elements.some(({ tag }) => tag === "style")).toBe(false)
    expect(mail.html).toContain('href="https://reports.example.org/r/1?a=1&amp;b=2"')
    expect(mail.html).toContain("Unsubscribe &lt;here&gt;</a>")
    expect(mail.text).toContain("Unsubscribe <here>: https://reports.example.org/u/1")
    expect(mail.text).toContain("Revenue: €182,450.50 (−4% from €190,120.25, February)")
    expect(mail.text).toContain("This section could not be made: The query took longer")
  })

  test("stays small and safe, whatever people write", async () => {
    const mail = renderEmail(hostileReport, options)
    expect(unsafe((await pageParts(mail.html)).elements)).toEqual([])
    expect(Buffer.byteLength(mail.html)).toBeLessThan(102_000)
    expect(mail.text.length).toBeLessThan(110_000)
    expect(mail.images.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(
      4_000_000
    )
    expect(mail.html.isWellFormed() && mail.text.isWellFormed()).toBe(true)
    expect(mail.text).not.toContain("\u0000")
  })

  test("is shorter than what Gmail shows, however long the report, and says so", () => {
    const table = sampleReport.blocks.find(({ type }) => type === "table")
    if (table === undefined) throw new Error("the sample has no table")
    const quotes = '"'.repeat(5000)
    const mail = renderEmail(
      {
        ...sampleReport,
        title: quotes,
        subtitle: quotes,
        notices: Array.from({ length: 300 }, () => ({ kind: "warning", text: quotes })),
        blocks: [
          table,
          ...Array.from({ length: 2000 }, () => ({
            type: "failed" as const,
            title: "<Title>",
            detail: "why"
          }))
        ]
      },
      options
    )
    const bytes = Buffer.byteLength(mail.html)
    expect(bytes).toBeLessThanOrEqual(100_000)
    expect(bytes).toBeGreaterThan(99_000)
    expect(mail.html).toContain("The report goes on; this mail ends here.")
    expect(mail.html).toContain("290 more notices are in the report.")
    expect(mail.html).toContain("15 of 214 rows and 6 of 8 columns are shown.")
    expect(mail.text.length).toBeLessThan(110_000)
    expect(mail.text).toContain("The report goes on; this text ends here.")
  })

  test("puts its styles into its elements, and says what is a table only by its looks", async () => {
    const { elements } = await pageParts(renderEmail(sampleReport, options).html)
    for (const { tag, attributes } of elements) {
      expect(attributes.has("class")).toBe(false)
      if (["h1", "h2", "td", "th", "img", "a"].includes(tag))
        expect(attributes.get("style") ?? attributes.get("width")).toBeDefined()
      if (tag === "th") expect(attributes.get("scope")).toBe("col")
      if (tag === "img")
        expect(Number(attributes.get("width"))).toBeLessThanOrEqual(640)
    }
    const tables = elements.filter(({ tag }) => tag === "table")
    const layout = tables.filter(
      ({ attributes }) => attributes.get("role") === "presentation"
    )
    // The table of the Markdown, the one beneath a chart, and the one by itself.
    expect(tables.length - layout.length).toBe(3)
    expect(elements.find(({ tag }) => tag === "html")?.attributes.get("lang")).toBe(
      "en-GB"
    )
    let last = 0
    for (const { tag } of elements) {
      const level = Number(/^h([1-6])$/u.exec(tag)?.[1] ?? Number.NaN)
      if (Number.isNaN(level)) continue
      expect(level).toBeLessThanOrEqual(last + 1)
      last = level
    }
  })
})
