import { describe, expect, setDefaultTimeout, test } from "bun:test"
import fc from "fast-check"
import { strFromU8, unzipSync } from "fflate"
import { guarded } from "../../src/csv/csvField.ts"
import { csvText, renderCsv } from "../../src/csv/renderCsv.ts"
import { hostileReport, hostileTexts } from "../support/hostileReport.ts"
import { sampleReport } from "../support/sampleReport.ts"

setDefaultTimeout(60_000)

/** RFC 4180, read letter by letter. */
const parse = (text: string): ReadonlyArray<ReadonlyArray<string>> => {
  const rows: Array<Array<string>> = []
  let row: Array<string> = []
  let field = ""
  let inside = false
  for (let at = text.startsWith("\ufeff") ? 1 : 0; at < text.length; at++) {
    const sign = text[at] ?? ""
    if (inside) {
      if (sign !== '"') field += sign
      else if (text[at + 1] === '"') {
        field += '"'
        at++
      } else inside = false
    } else if (sign === '"') inside = true
    else if (sign === ",") {
      row.push(field)
      field = ""
    } else if (sign === "\r" && text[at + 1] === "\n") {
      rows.push([...row, field])
      row = []
      field = ""
      at++
    } else field += sign
  }
  return rows
}

const column = { name: "a", kind: "text" } as const

describe("CSV", () => {
  test("is read back as it was written", () => {
    const texts = fc.string({ unit: "binary", maxLength: 40 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(texts, fc.double(), fc.boolean()), { maxLength: 20 }),
        (rows) => {
          const read = parse(
            csvText({
              columns: [column, { name: "b", kind: "number" }, column],
              rows: rows.map((row) => [...row])
            })
          ).slice(1)
          expect(read.length).toBe(rows.length)
          for (const [at, [, number, truth]] of rows.entries()) {
            expect(read[at]?.length).toBe(3)
            expect(read[at]?.[1]).toBe(
              Number.isFinite(number) ? String(number === 0 ? 0 : number) : ""
            )
            expect(read[at]?.[2]).toBe(String(truth))
          }
        }
      )
    )
  })

  test("lets no text be a formula, for separators of any locale", () => {
    const dangerous = fc
      .tuple(
        fc.constantFrom("", " ", "\t", "\r", "\n", "a;", "a\n", "\ufeff", 'x";'),
        fc.constantFrom(..."=+-@\uff1d\uff0b\uff0d\uff20"),
        fc.string()
      )
      .map((parts) => parts.join(""))
    fc.assert(
      fc.property(dangerous, (text) => {
        for (const part of guarded(text).split(/[;\t\r\n]/u))
          expect(part).not.toMatch(/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/u)
      })
    )
  })

  test("reads white space but once", () => {
    const space = "\t\n ".repeat(33_000)
    expect(guarded(`a;${space}=1`)).toBe(`a;${space}'=1`)
    expect(guarded(`a;${space}1`)).toBe(`a;${space}1`)
  }, 4000)

  test("leaves numbers below zero numbers, and texts alone that are harmless", () => {
    const rows = parse(
      csvText({
        columns: [column],
        rows: [[-1.5], ["-1.5"], ["a-b=c"], [null], [true]]
      })
    )
    expect(rows.map(([field]) => field)).toEqual([
      "a",
      "-1.5",
      "'-1.5",
      "a-b=c",
      "",
      "true"
    ])
  })

  test("is a zip of files with names that every system takes", () => {
    const files = unzipSync(renderCsv(hostileReport).bytes)
    expect(Object.keys(files).length).toBe(7)
    for (const name of Object.keys(files)) {
      expect(name).toMatch(/^\d{2}(?: [\p{L}\p{M}\p{N} _-]+)?\.(?:csv|txt)$/u)
      expect(name.length).toBeLessThan(110)
    }
    const table = Object.entries(files).at(-1)?.[1] ?? new Uint8Array()
    expect(table.slice(0, 3)).toEqual(new Uint8Array([0xef, 0xbb, 0xbf]))
    const rows = parse(strFromU8(table))
    expect(rows[0]?.[0]).toBe("'=1+1")
    expect(rows[1]?.slice(0, 2)).toEqual([hostileTexts[0] ?? "", "-5"])
    expect(rows.at(-1)?.[0]).toEndWith("[cut: 10000000 characters]")
  })

  test("writes amounts as people would, other numbers to the last bit", () => {
    const rows = [[0.1 + 0.2, 0.1 + 0.2]]
    const columns = [
      { name: "Paid", kind: "currency", unit: "EUR" },
      { name: "Mean", kind: "number" }
    ] as const
    expect(parse(csvText({ columns, rows }))).toEqual([
      ["Paid (EUR)", "Mean"],
      ["0.3", "0.30000000000000004"]
    ])
  })

  test("says which file is not whole", () => {
    const files = unzipSync(renderCsv(sampleReport).bytes)
    expect(strFromU8(files["00 about.txt"] ?? new Uint8Array())).toContain(
      "Largest orders.csv: 60 of 214 rows"
    )
  })
})
