import { expect, test } from "bun:test"
import type { Block, ReportDocument } from "../../src/ReportDocument.ts"
import { renderDocument } from "../../src/renderDocument.ts"
import { hostileReport, hostileTexts } from "../support/hostileReport.ts"
import { type PdfFile, readPdf, readPdfDetails, squeezed } from "../support/readPdf.ts"
import { sampleReport } from "../support/sampleReport.ts"

const report = (
  blocks: ReadonlyArray<Block>,
  more: Partial<ReportDocument> = {}
): ReportDocument => ({ ...sampleReport, notices: [], ...more, blocks })

const pdfOf = async (document: ReportDocument): Promise<PdfFile> =>
  readPdf((await renderDocument(document, "pdf")).bytes)

const textOf = ({ pages }: PdfFile): string =>
  squeezed(pages.map(({ text }) => text).join("\n"))

test("everything that a report says can be read, searched and copied", async () => {
  const pdf = await pdfOf(sampleReport)
  const text = textOf(pdf)
  for (const said of [
    sampleReport.title,
    sampleReport.project,
    ...sampleReport.notices.map((notice) => notice.text),
    "Sign-ups grew by a fifth, most of it from organic search after the",
    "€182,450.50",
    "People with at least one event other than a page left open.",
    "New landing pages",
    "Product seen",
    "60 of 214 rows are shown.",
    "The query took longer than the 30 seconds it may take."
  ])
    expect(text).toContain(squeezed(said))
  const titles = sampleReport.blocks.flatMap((block) =>
    "title" in block ? [block.title] : []
  )
  expect(pdf.outline.map(({ title }) => title)).toEqual([
    "What happened in March",
    ...titles
  ])
  for (const { page, title } of pdf.outline)
    expect(squeezed(pdf.pages[page - 1]?.text ?? "")).toContain(squeezed(title))
})

test("programs learn what a report is, and every page says which it is", async () => {
  const { bytes } = await renderDocument(sampleReport, "pdf")
  const pdf = await readPdf(bytes)
  expect(pdf).toMatchObject({
    title: sampleReport.title,
    language: "en-GB",
    tagged: true,
    created: "D:20260401040000Z"
  })
  for (const [at, page] of pdf.pages.entries())
    expect(page.text.trimEnd()).toEndWith(`${at + 1} / ${pdf.pages.length}`)
  const { fonts, roles } = await readPdfDetails(bytes)
  for (const role of ["H1", "H2", "P", "L", "Table", "TH", "TD", "Figure", "Link"])
    expect(roles).toContain(role)
  expect(fonts.filter(({ embedded }) => !embedded)).toEqual([])
  expect(fonts.filter(({ name }) => !/^[A-Z]{6}\+Report/u.test(name))).toEqual([])
}, 20_000)

test("what people write who mean harm is text", async () => {
  const pdf = await pdfOf(hostileReport)
  const text = textOf(pdf)
  for (const said of hostileTexts.slice(0, 10)) expect(text).toContain(squeezed(said))
  for (const said of [
    `#read("/etc/passwd") #sys $x$ \\ \`code\` @ref <label>`,
    `{{constructor}} \${x} %s`,
    "a\ufffdb\ufffdc",
    "\ufffd alone \ufffd",
    "👩‍👩‍👧‍👦",
    "مرحبا",
    "שלום",
    "x… [cut: 10000000 characters]"
  ])
    expect(text).toContain(squeezed(said))
  expect(pdf.pages.flatMap(({ links }) => links)).toEqual([])
}, 20_000)

test("only addresses of the web and of mail are links", async () => {
  const pdf = await pdfOf(
    report([
      {
        type: "markdown",
        text: `[web](https://example.org/a?b=1&c=%20) [mail](mailto:a@example.org)
[script](javascript:alert(1)) [file](file:///etc/passwd) [data](data:text/html,x)
[here](#section) ![picture](https://example.org/p.png) <vbscript:x>
[upper](JaVaScRiPt:alert(1)) [launch](/bin/sh)`
      }
    ])
  )
  expect(pdf.pages.flatMap(({ links }) => links)).toEqual([
    "https://example.org/a?b=1&c=%20",
    "mailto:a@example.org"
  ])
  expect(textOf(pdf)).toContain("script")
})

test("text is set from the side on which it begins", async () => {
  const arabic = "مرحبا بالعالم"
  const pdf = await pdfOf(
    report([{ type: "markdown", text: `Left to right\n\n${arabic}\n\nagain` }])
  )
  const [page] = pdf.pages
  const where = (text: string) =>
    page?.texts.find((each) => squeezed(each.text) === squeezed(text))
  const right = page?.texts.filter(({ text }) => /[ا-ي]/u.test(text)) ?? []
  expect(Math.max(...right.map(({ x, width }) => x + width))).toBeGreaterThan(540)
  expect(where("Left to right")?.x).toBeLessThan(60)
  expect(where("again")?.x).toBeLessThan(60)
  const turned = await pdfOf(
    report([{ type: "markdown", text: arabic }], { locale: "ar-EG" })
  )
  expect(turned.language).toBe("ar-EG")
})

test("a report that says nothing is a page", async () => {
  const pdf = await pdfOf(report([], { title: "", project: "" }))
  expect(pdf.pages).toHaveLength(1)
  expect(textOf(pdf)).toContain("Untitled")
  expect(pdf.outline).toEqual([])
})

test("a page break begins a page, and no page is empty", async () => {
  const broken: Block = { type: "page-break" }
  const said = (text: string): Block => ({ type: "markdown", text })
  const wide: Block = {
    type: "table",
    title: "Wide",
    table: {
      columns: Array.from({ length: 20 }, (_, at) => ({
        name: `Column number ${at}`,
        kind: "text"
      })),
      rows: [Array.from({ length: 20 }, (_, at) => `value ${at} of this row`)]
    }
  }
  const pdf = await pdfOf(
    report([
      broken,
      said("one"),
      broken,
      broken,
      said("two"),
      broken,
      wide,
      broken,
      said("three"),
      broken
    ])
  )
  expect(pdf.pages.map(({ width, height }) => width > height)).toEqual([
    false,
    false,
    false,
    true,
    false
  ])
  for (const [at, word] of [
    sampleReport.project,
    "one",
    "two",
    "Wide",
    "three"
  ].entries())
    expect(pdf.pages[at]?.text).toContain(word)
})

test("no heading stands alone at the foot of a page", async () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, at) => `line ${at}`).join("\n\n")
  const table: Block = {
    type: "table",
    title: "Heading",
    description: "Said beneath it.",
    table: {
      columns: [{ name: "Header", kind: "text" }],
      rows: [["first row"], ["second row"]]
    }
  }
  let turned = 0
  for (let count = 24; count < 36; count++) {
    const pdf = await pdfOf(
      report([
        { type: "markdown", text: lines(count) },
        table,
        { type: "markdown", text: "## Next\n\nafterwards" }
      ])
    )
    const on = (text: string) => pdf.pages.findIndex((page) => page.text.includes(text))
    expect([on("Heading"), on("Header")]).toEqual([on("first row"), on("first row")])
    expect(on("Next")).toBe(on("afterwards"))
    if (on("Heading") === 1 && on(`line ${count - 1}`) === 0) turned++
  }
  expect(turned).toBeGreaterThan(0)
}, 30_000)

test("a line from the least number to the largest is drawn", async () => {
  const metric = (...sparkline: ReadonlyArray<number>) => ({
    title: "m",
    metric: {
      form: "number" as const,
      values: { kind: "number" as const },
      value: 1,
      sparkline
    }
  })
  const metrics = [metric(-1e308, 0, 1e308), metric(0, 5e-324)]
  const document = report([{ type: "metrics", metrics }])
  const page = await renderDocument(document, "html")
  expect(new TextDecoder().decode(page.bytes)).not.toContain("NaN")
  expect((await renderDocument(document, "pdf")).bytes.byteLength).toBeGreaterThan(0)
})
