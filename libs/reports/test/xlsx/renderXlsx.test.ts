import { describe, expect, setDefaultTimeout, test } from "bun:test"
import ExcelJS from "exceljs"
import { strFromU8, unzipSync } from "fflate"
import type { ReportDocument } from "../../src/ReportDocument.ts"
import type { ReportTable } from "../../src/ReportTable.ts"
import { renderXlsx } from "../../src/xlsx/renderXlsx.ts"
import { columnLetters, cutNote, tableSheet } from "../../src/xlsx/tableSheet.ts"
import { hostileReport, hostileTexts } from "../support/hostileReport.ts"
import { sampleReport } from "../support/sampleReport.ts"

setDefaultTimeout(60_000)

/** What another library reads of the bytes. */
const read = async (document: ReportDocument): Promise<ExcelJS.Workbook> => {
  const workbook = new ExcelJS.Workbook()
  const { bytes } = await renderXlsx(document)
  await workbook.xlsx.load(bytes.slice().buffer)
  return workbook
}

const withTables = (...tables: ReadonlyArray<readonly [string, ReportTable]>) => ({
  ...sampleReport,
  blocks: tables.map(([title, table]) => ({ type: "table" as const, title, table }))
})

const sheetOf = async (table: ReportTable): Promise<ExcelJS.Worksheet> => {
  const found = (await read(withTables(["Sheet", table]))).getWorksheet("Sheet")
  if (found === undefined) throw new Error("there is no such sheet")
  return found
}

describe("a workbook", () => {
  test("has values of real types, in formats that no locale changes", async () => {
    const sheet = (await read(sampleReport)).getWorksheet("Largest orders")
    const row = sheet?.getRow(2)
    const values = [1, 2, 3, 4, 5, 6, 7, 8].map((at) => row?.getCell(at).value)
    expect(values).toEqual([
      "A-10400",
      // 23:30 in UTC is half past midnight in Berlin.
      new Date("2026-03-29T00:30:00Z"),
      new Date("2026-03-31T00:00:00Z"),
      1000,
      0,
      1,
      0,
      true
    ])
    expect([2, 3, 4, 5, 6, 7].map((at) => row?.getCell(at).numFmt)).toEqual([
      "yyyy-mm-dd hh:mm:ss",
      "yyyy-mm-dd",
      "[$EUR] #,##0.00;-[$EUR] #,##0.00",
      "0.0%",
      "#,##0",
      "#,##0.00"
    ])
    expect(sheet?.getRow(1).values).toEqual([
      undefined as unknown as string,
      "Order",
      "Placed (Europe/Berlin)",
      "Shipped",
      "Amount",
      "Discount",
      "Items",
      "Weight (kg)",
      "Express"
    ])
    expect(sheet?.views[0]).toMatchObject({ state: "frozen", ySplit: 1 })
    expect(sheet?.getCell("A63").value).toBe("60 of 214 rows are in this sheet.")
  })

  test("has a cover that says what it is and leads to its sheets", async () => {
    const cover = (await read(sampleReport)).worksheets[0]
    const text = JSON.stringify(cover?.getSheetValues())
    for (const part of [
      "Monthly product report",
      "Example shop",
      "1 Mar 2026 – 31 Mar 2026",
      "Europe/Berlin",
      "Data of 31 March after 22:40",
      "Largest orders (60 of 214 rows are in this sheet.)",
      "The query took longer",
      "Sign-ups grew by a fifth"
    ])
      expect(text).toContain(part)
    expect(text).toContain("2026-04-01T06:00:00")
  })

  test("shows durations as times, and as seconds where one is below zero", async () => {
    const column = { name: "Took", kind: "duration" } as const
    const times = await sheetOf({ columns: [column], rows: [[3725], [90]] })
    expect(times.getCell("A1").value).toBe("Took (h:mm:ss)")
    expect(times.getCell("A2").numFmt).toBe("[h]:mm:ss")
    const seconds = await sheetOf({ columns: [column], rows: [[-5], [90]] })
    expect(seconds.getCell("A1").value).toBe("Took (seconds)")
    expect(seconds.getCell("A2").value).toBe(-5)
  })

  test("writes amounts with the digits of their currency", async () => {
    const sheet = await sheetOf({
      columns: [
        { name: "Yen", kind: "currency", unit: "jpy" },
        { name: "Odd", kind: "currency", unit: '"; evil' }
      ],
      rows: [[1200, 5]]
    })
    expect(sheet.getCell("A2").numFmt).toBe("[$JPY] #,##0;-[$JPY] #,##0")
    expect(sheet.getCell("B2").numFmt).toBe("#,##0.00")
    expect(sheet.getCell("B1").value).toBe('Odd ("; evil)')
  })

  test("has names of sheets that Excel takes, each once", async () => {
    const table: ReportTable = { columns: [{ name: "A", kind: "text" }], rows: [["x"]] }
    const long = "A title that is far longer than thirty-one characters"
    const book = await read(
      withTables(
        ["a/b:c*d?[e]\\f", table],
        [long, table],
        [long.toUpperCase(), table],
        ["'", table],
        ["History", table],
        ["report", table],
        [`${"a".repeat(30)}👍`, table]
      )
    )
    const names = book.worksheets.map(({ name }) => name)
    expect(names).toEqual([
      "Report",
      "a b c d e f",
      "A title that is far longer than",
      "A TITLE THAT IS FAR LONGER (2)",
      "Section",
      "Section (2)",
      "report (2)",
      "a".repeat(30)
    ])
  })

  test("has no formula, whatever people write, and keeps what they wrote", async () => {
    const book = await read(hostileReport)
    const strings: Array<string> = []
    for (const sheet of book.worksheets) {
      expect(sheet.name.length).toBeLessThanOrEqual(31)
      sheet.eachRow((row) =>
        row.eachCell((cell) => {
          expect(cell.type).not.toBe(ExcelJS.ValueType.Formula)
          if (typeof cell.value === "string") strings.push(cell.value)
        })
      )
    }
    expect(Math.max(...strings.map((text) => text.length))).toBeLessThanOrEqual(32_767)
    for (const text of [
      `=1+1`,
      `-2+3`,
      hostileTexts[0],
      `👩‍👩‍👧‍👦 🇩🇪 👍🏽`,
      "a\ufffdb\ufffdc"
    ])
      expect(strings).toContain(text ?? "")
    expect(strings.some((text) => text.endsWith("[cut: 10000000 characters]"))).toBe(
      true
    )
    const files = unzipSync((await renderXlsx(hostileReport)).bytes)
    for (const [name, content] of Object.entries(files))
      if (name.startsWith("xl/worksheets/sheet"))
        expect(strFromU8(content)).not.toContain("<f")
    // No such day: it stays a text.
    expect(strings).toContain("2026-02-30")
  })

  test("has no more rows and columns than Excel, and says so", () => {
    const one = [1]
    const rows = Array.from({ length: 1_048_580 }, () => one)
    const long = { columns: [{ name: "n", kind: "integer" as const }], rows }
    const sheet = tableSheet("Long", long, "UTC")
    expect(sheet.rows?.length).toBe(1_048_576)
    expect(sheet.rows?.at(-1)).toEqual(["1048573 of 1048580 rows are in this sheet."])
    const columns = Array.from({ length: 16_400 }, (_, at) => ({
      name: `c${at}`,
      kind: "integer" as const
    }))
    const wide = { columns, rows: [columns.map((_, at) => at)] }
    expect(tableSheet("Wide", wide, "UTC").rows?.[1]?.length).toBe(16_384)
    expect(cutNote(wide)).toBe("16384 of 16400 columns are in this sheet.")
    expect(columnLetters(16_383)).toBe("XFD")
  })

  test("keeps what Excel cannot count as text", async () => {
    const sheet = await sheetOf({
      columns: [
        { name: "Number", kind: "number" },
        { name: "Day", kind: "date" },
        { name: "At", kind: "datetime" }
      ],
      rows: [
        [1.7e308, "1850-01-01", "1850-01-01T00:00:00Z"],
        [9e307, "9999-12-31", "9999-12-31T12:00:00Z"],
        [Number.NaN, "10000-01-01", "+010000-01-01T00:00:00Z"]
      ]
    })
    const values = [2, 3, 4].map((row) =>
      [1, 2, 3].map((at) => sheet.getRow(row).getCell(at).value)
    )
    expect(values).toEqual([
      ["1.7e+308", "1850-01-01", "1850-01-01T00:00:00Z"],
      [9e307, new Date("9999-12-31T00:00:00Z"), new Date("9999-12-31T13:00:00Z")],
      [null, "10000-01-01", "+010000-01-01T00:00:00Z"]
    ])
  })

  test("has an empty table as its heading, and a report without tables as its cover", async () => {
    const sheet = await sheetOf({ columns: [{ name: "A", kind: "integer" }], rows: [] })
    expect(sheet.rowCount).toBe(1)
    const book = await read({ ...sampleReport, blocks: [] })
    expect(book.worksheets.map(({ name }) => name)).toEqual(["Report"])
  })
})
