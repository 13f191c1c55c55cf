import { describe, expect, it } from "bun:test"
import { apacheLog } from "../src/readers/apacheLog.ts"
import { columns } from "../src/readers/columns.ts"
import { csv } from "../src/readers/csv.ts"
import { ndjson } from "../src/readers/ndjson.ts"
import { writtenTime } from "../src/readers/writtenTime.ts"

/** The text in chunks of one byte, so that every boundary is crossed. */
async function* bytesOf(text: string) {
  for (const byte of new TextEncoder().encode(text)) yield new Uint8Array([byte])
}

describe("csv", () => {
  it("reads quotes, line breaks and a BOM", async () => {
    const text = '\uFEFFa,b\r\n"1, ""x""","two\nlines"\r\n3,ü\r\n'
    expect(await Array.fromAsync(csv(bytesOf(text), { delimiter: "," }))).toEqual([
      { _tag: "Row", number: 1, fields: { a: '1, "x"', b: "two\nlines" } },
      { _tag: "Row", number: 2, fields: { a: "3", b: "ü" } }
    ])
  })

  it("names a row with too many values and reads on", async () => {
    const rows = await Array.fromAsync(
      csv(bytesOf("a;b\n1;2;3\n4;5\n"), { delimiter: ";" })
    )
    expect(rows.map((row) => [row._tag, row.number])).toContainEqual([
      "UnreadableRow",
      1
    ])
    expect(rows).toContainEqual({ _tag: "Row", number: 2, fields: { a: "4", b: "5" } })
  })
})

describe("columns", () => {
  it("splits at runs of blanks", async () => {
    const rows = await Array.fromAsync(columns(bytesOf(" id  x\n 1   2\n\n 3\n"), {}))
    expect(rows).toEqual([
      { _tag: "Row", number: 1, fields: { id: "1", x: "2" } },
      { _tag: "UnreadableRow", number: 2, reason: "1 values for 2 columns" }
    ])
  })
})

describe("ndjson", () => {
  it("keeps all digits, and names lines that are no objects", async () => {
    const text = '{"id":12345678901234567}\n[1]\n{"half":\n\n{"ok":true}'
    const rows = await Array.fromAsync(ndjson(bytesOf(text)))
    expect(rows.map((row) => row._tag)).toEqual([
      "Row",
      "UnreadableRow",
      "UnreadableRow",
      "Row"
    ])
    expect(JSON.stringify(rows[0])).toContain("12345678901234567")
  })
})

describe("apacheLog", () => {
  it("reads the combined and the common format", async () => {
    const common =
      '192.0.2.1 - eva [17/May/2015:10:05:03 +0000] "GET /a?b=1 HTTP/1.1" 200 -'
    const combined = `${common.replace("200 -", "404 17")} "-" "Moz \\"x\\""`
    const rows = await Array.fromAsync(
      apacheLog(bytesOf(`${common}\n${combined}\nnot a log`))
    )
    expect(rows[0]).toMatchObject({ fields: { user: "eva", path: "/a?b=1", bytes: 0 } })
    expect(rows[1]).toMatchObject({
      fields: { status: 404, bytes: 17, referrer: null, userAgent: 'Moz "x"' }
    })
    expect(rows[2]).toMatchObject({ _tag: "UnreadableRow", number: 3 })
    const cut = await Array.fromAsync(apacheLog(bytesOf(combined.slice(0, -1))))
    expect(cut[0]).toMatchObject({ fields: { userAgent: 'Moz "x"' } })
  })
})

describe("writtenTime", () => {
  it("reads what the pattern says, and nothing else", () => {
    const apache = writtenTime("dd/MMM/yyyy:HH:mm:ss Z", "+00:00")
    expect(apache("17/May/2015:10:05:03 -0330")).toBe("2015-05-17T10:05:03.000-03:30")
    expect(apache("17/Mai/2015:10:05:03 -0330")).toBeUndefined()
    const local = writtenTime("yyyy/MM/dd HH:mm:ss.SSS", "+02:00")
    expect(local("2014/10/22 11:15:41.5")).toBe("2014-10-22T11:15:41.500+02:00")
    expect(local("2014/13/22 11:15:41.5")).toBeUndefined()
    expect(writtenTime("unix", "")("86400")).toBe("1970-01-02T00:00:00.000Z")
    expect(writtenTime("unix", "")("")).toBeUndefined()
  })
})
