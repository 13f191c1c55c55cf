import { expect, test } from "bun:test"
import type { ReportDocument } from "../../src/ReportDocument.ts"
import type { Cell, Column } from "../../src/ReportTable.ts"
import { renderDocument } from "../../src/renderDocument.ts"
import { type PdfPage, readPdf } from "../support/readPdf.ts"
import { sampleReport } from "../support/sampleReport.ts"

const pagesOf = async (
  columns: ReadonlyArray<Column>,
  rows: ReadonlyArray<ReadonlyArray<Cell>>
): Promise<ReadonlyArray<PdfPage>> => {
  const document: ReportDocument = {
    ...sampleReport,
    notices: [],
    blocks: [{ type: "table", title: "Numbers", table: { columns, rows } }]
  }
  return (await readPdf((await renderDocument(document, "pdf")).bytes)).pages
}

/** Nothing beyond the margins of the page. */
const overhanging = (pages: ReadonlyArray<PdfPage>) =>
  pages.flatMap(({ texts, width }) =>
    texts.filter((text) => text.x < 50 || text.x + text.width > width - 50)
  )

test("a table of 3,000 rows has each of them once, under its header on every page", async () => {
  const rows = Array.from({ length: 3000 }, (_, at) => [
    `row-${at}.`,
    at,
    at % 11 === 0 ? "two lines\nof text" : "one"
  ])
  const pages = await pagesOf(
    [
      { name: "Name", kind: "text" },
      { name: "Amount", kind: "integer" },
      { name: "Remark", kind: "text" }
    ],
    rows
  )
  const shown = pages.flatMap(({ text }) => text.match(/row-\d+\./gu) ?? [])
  expect(shown).toEqual(rows.map(([name]) => String(name)))
  for (const [at, { text, texts }] of pages.entries()) {
    expect(text.match(/Name Amount Remark/gu)).toHaveLength(1)
    // The header is above every row, and no row is cut in two.
    const first = texts.find((each) => each.text === "Name")
    const rowTops = texts.filter(({ text }) => text.startsWith("row-"))
    expect(rowTops.length).toBeGreaterThan(at === pages.length - 1 ? 0 : 35)
    for (const row of rowTops) expect(row.y).toBeLessThan(first?.y ?? 0)
    expect(text.match(/two lines/gu)?.length ?? 0).toBe(
      text.match(/of text/gu)?.length ?? 0
    )
  }
  expect(overhanging(pages)).toEqual([])
}, 30_000)

test("a table of 70 columns is in parts that fit, each with the first column", async () => {
  const columns = Array.from(
    { length: 70 },
    (_, at): Column => ({
      name: `C${at}.`,
      kind: at % 2 === 0 ? "text" : "integer"
    })
  )
  const pages = await pagesOf(
    columns,
    Array.from({ length: 30 }, (_, row) =>
      columns.map(({ kind }, at) =>
        kind === "text" ? `r${row}c${at}.` : row * 100_000 + at
      )
    )
  )
  const text = pages.map((page) => page.text).join("\n")
  for (const { name } of columns) expect(text).toContain(name)
  const parts = text.match(/Columns \d+ to \d+ of 70/gu) ?? []
  expect(parts.length).toBeGreaterThan(2)
  expect(text.match(/C0\./gu)?.length).toBeGreaterThanOrEqual(parts.length)
  for (let row = 0; row < 30; row++) expect(text).toContain(`r${row}c68.`)
  expect(pages.some(({ width, height }) => width > height)).toBe(true)
  expect(overhanging(pages)).toEqual([])
}, 30_000)

test("words longer than a page is wide stay on it", async () => {
  const long = "a".repeat(900)
  const pages = await pagesOf(
    [
      { name: `Name${long}`, kind: "text" },
      { name: "Amount", kind: "currency", unit: "EUR" }
    ],
    [
      [long, 1e21],
      [`https://example.org/${long}`, -1e-9],
      ["漢字".repeat(300), null]
    ]
  )
  expect(overhanging(pages)).toEqual([])
  const letters = pages.flatMap(({ text }) => text.match(/a/gu) ?? [])
  expect(letters.length).toBeGreaterThan(1800)
})
