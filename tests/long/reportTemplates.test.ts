import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ReportDocument } from "@analytics/reports/ReportDocument"
import { readPdf } from "@analytics/reports/test/readPdf"
import { Schema } from "effect"
import { unzipSync } from "fflate"
import { type Client, makeClient, type Project } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import {
  type Format,
  formats,
  knownNow,
  makeReports,
  type ReportsClient,
  templates,
  told
} from "./realReports.ts"
import { hasDatasets, importSet, realSets } from "./realSets.ts"

type Block = ReportDocument["blocks"][number]

const readDocument = Schema.decodeUnknownSync(Schema.fromJsonString(ReportDocument))
const sha256 = (bytes: Uint8Array) =>
  new Bun.CryptoHasher("sha256").update(bytes).digest("hex")
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** Nothing was set aside and nothing breaks a schema: that is said in words. */
const mayBeEmpty = new Set(["Set aside", "Against the schema"])

const isEmpty = (block: Block): boolean => {
  switch (block.type) {
    case "chart": {
      const { chart } = block
      if (chart.form === "number") return chart.value === null
      if (chart.form === "funnel") return chart.groups.length === 0
      if (chart.form === "retention")
        return chart.cohorts.every(({ size }) => size === 0)
      if (chart.form === "paths") return chart.edges.length === 0
      return chart.series.every(({ data }) => data.every((it) => (it ?? 0) === 0))
    }
    case "table":
      return (
        block.table.rows.length === 0 &&
        !(mayBeEmpty.has(block.title) && block.table.empty !== undefined)
      )
    case "metrics":
      return block.metrics.some(({ metric }) => metric.value === null)
    case "failed":
      return true
    default:
      return false
  }
}

const titleOf = (block: Block): string | undefined =>
  "title" in block ? block.title : undefined

/** Metrics of a report by their titles. */
const numbersOf = ({ blocks }: ReportDocument) =>
  Object.fromEntries(
    blocks.flatMap((block) =>
      block.type === "metrics"
        ? block.metrics.map(({ metric: { compare, value }, title }) => [
            title,
            [value, compare?.value ?? null]
          ])
        : []
    )
  )

/** `REPORT_SETS=cdnow,retail`: only those. */
const only = (process.env["REPORT_SETS"] ?? "").split(",").filter((id) => id !== "")
const chosen = realSets.filter(({ id }) => only.length === 0 || only.includes(id))

// The data sets are not part of the repository; see docs/testing.md.
if (process.env["TEST_LONG"] === "1" && hasDatasets)
  describe("reports of real data", () => {
    let stack: RunningStack
    let client: Client
    let reports: ReportsClient
    const folder = mkdtempSync(join(tmpdir(), "analytics-reports-"))
    const documents = new Map<string, ReportDocument>()

    beforeAll(async () => {
      stack = await startStack()
      client = await makeClient(stack)
      reports = await makeReports(stack)
    }, 180_000)

    afterAll(async () => {
      await stack?.stop()
      rmSync(folder, { recursive: true, force: true })
    }, 60_000)

    /** In every format, each made twice with the same bytes. */
    const made = async (
      project: Project,
      report: string,
      when: { readonly at: string; readonly asOf: string }
    ) => {
      const files = new Map<Format, Uint8Array>()
      for (const format of formats) {
        const [one, other] = await Promise.all([
          reports.render(project, report, format, when),
          reports.render(project, report, format, when)
        ])
        expect({ format, sha256: sha256(one.bytes) }).toEqual({
          format,
          sha256: sha256(other.bytes)
        })
        files.set(format, one.bytes)
      }
      return (format: Format) => files.get(format) ?? new Uint8Array()
    }

    for (const set of chosen)
      it(`${set.name}: every template in every format`, async () => {
        const project = await importSet(stack, client, set, folder)
        const asOf = await knownNow(client, project)
        for (const template of templates) {
          const { at, parameters = {} } = told(set, template)
          const report = await reports.make(project, template, parameters)
          const file = await made(project, report, { at, asOf })

          const document = readDocument(text(file("json")))
          documents.set(`${set.id} ${template}`, document)
          const empty = document.blocks.filter(isEmpty)
          expect({ set: set.id, template, empty }).toMatchObject({ empty: [] })
          const titles = document.blocks.flatMap((block) => titleOf(block) ?? [])
          expect(titles.length).toBeGreaterThan(0)

          const page = text(file("html"))
          expect(page).not.toMatch(/<script|(?:src|href)="(?:https?:)?\/\//u)
          for (const title of titles) expect(page).toContain(Bun.escapeHTML(title))

          const pdf = await readPdf(file("pdf"))
          expect(pdf.outline.map(({ title }) => title)).toEqual(
            expect.arrayContaining(titles)
          )
          const words = pdf.pages.map((each) => each.text).join("\n")
          expect(words).toContain(document.title)
          expect(words).toContain(document.project)

          const workbook = Object.keys(unzipSync(file("xlsx")))
          const sheets = workbook.filter((name) => /worksheets\/sheet\d/u.test(name))
          const csv = Object.entries(unzipSync(file("csv"))).filter(([name]) =>
            name.endsWith(".csv")
          )
          expect(sheets.length).toBe(csv.length + 1)
          for (const [, bytes] of csv) expect(text(bytes).trim()).not.toBe("")
          expect(text(file("png").slice(1, 4))).toBe("PNG")
        }
      }, 900_000)

    const counted = ["cdnow", "retail"].every((id) => chosen.some((it) => it.id === id))
    it.skipIf(!counted)("the numbers are those of the files", () => {
      const numbers = (name: string) => {
        const document = documents.get(name)
        if (document === undefined) throw new Error(`${name} was not made`)
        return numbersOf(document)
      }
      // Counted from the file: 17 to 23 March 1997, and the week before.
      expect(numbers("cdnow weekly-product")).toMatchObject({
        People: [2726, 2912],
        purchase: [2936, 3092]
      })
      // 3 to 30 March 1997, and the four weeks before.
      expect(numbers("cdnow revenue")).toMatchObject({
        Revenue: [expect.closeTo(360_572.99, 2), expect.closeTo(382_398.1, 2)],
        Payments: [10_628, 11_380]
      })
      // 21 to 27 November 2011: 344 customers, and 73 lines without one.
      expect(numbers("retail weekly-product")).toMatchObject({
        People: [417, expect.any(Number)],
        Events: [1161, expect.any(Number)],
        "Item Sold": [1144, expect.any(Number)]
      })
      expect(numbers("retail revenue")).toMatchObject({
        Revenue: [expect.closeTo(85_970.01, 2), expect.any(Number)],
        Payments: [4769, expect.any(Number)]
      })
    })
  })
