import { describe, expect, it } from "bun:test"
import { apacheLog } from "../src/readers/apacheLog.ts"
import { columns } from "../src/readers/columns.ts"
import { csv } from "../src/readers/csv.ts"
import { lineBlocks } from "../src/readers/lines.ts"
import { ndjson } from "../src/readers/ndjson.ts"
import { beginning, type Position, type Rows } from "../src/readers/Row.ts"
import { writtenTime } from "../src/readers/writtenTime.ts"

/** The text in chunks of one byte, so that every boundary is crossed. */
async function* bytesOf(text: string) {
  for (const byte of new TextEncoder().encode(text)) yield new Uint8Array([byte])
}

const rowsOf = async (blocks: AsyncIterable<Rows>) =>
  (await Array.fromAsync(blocks)).flatMap(({ rows }) => rows)

describe("lineBlocks", () => {
  it("cuts a line that has no end, and reads on behind it", async () => {
    const long = "x".repeat(3 * 1024 * 1024)
    const chunks = ["first\r\n", long, long, long, "tail\nlast\n\nrest", "!"]
    const bytes = async function* () {
      for (const chunk of chunks) yield new TextEncoder().encode(chunk)
    }
    const blocks = await Array.fromAsync(lineBlocks(bytes(), 0))
    expect(blocks.flatMap(({ lines }) => lines)).toEqual([
      "first",
      long + long,
      "last",
      "",
      "rest!"
    ])
    const places = blocks.map(({ byte }) => chunks.join("").slice(byte, byte + 4))
    expect(places).toEqual(["firs", "xxxx", "last", "rest"])
  })
})

describe("a reader of lines", () => {
  it("reads on from every place that it names", async () => {
    const text = '\uFEFF{"a":"ü"}\n\n{"a":2}\r\n[]\n{"a":"\u{1F600}"}\n{"a":5}'
    const encoded = new TextEncoder().encode(text)
    const read = (from: Position, size: number) =>
      Array.fromAsync(
        ndjson(
          (async function* () {
            for (let at = from.byte; at < encoded.length; at += size)
              yield encoded.subarray(at, at + size)
          })(),
          from
        )
      )
    const whole = (await read(beginning, 1)).flatMap(({ rows }) => rows)
    expect(whole.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
    for (const size of [1, 3, 7, 1000])
      for (const { from } of await read(beginning, size)) {
        const rest = (await read(from, size)).flatMap(({ rows }) => rows)
        expect(rest).toEqual(whole.slice(from.row))
      }
  })
})

describe("csv", () => {
  it("reads quotes, line breaks and a BOM", async () => {
    const text = '\uFEFFa,b\r\n"1, ""x""","two\nlines"\r\n3,ü\r\n'
    expect(await rowsOf(csv(bytesOf(text), { delimiter: "," }))).toEqual([
      { _tag: "Row", number: 1, fields: { a: '1, "x"', b: "two\nlines" } },
      { _tag: "Row", number: 2, fields: { a: "3", b: "ü" } }
    ])
  })

  it("names a row with too many values and reads on", async () => {
    const rows = await rowsOf(
      csv(bytesOf("a;b\n1;2;3\n4;5\n6\n7;8\n9\n"), { delimiter: ";" })
    )
    expect(rows.map((row) => [row._tag, row.number])).toEqual([
      ["UnreadableRow", 1],
      ["Row", 2],
      ["UnreadableRow", 3],
      ["Row", 4],
      ["UnreadableRow", 5]
    ])
    expect(rows[3]).toEqual({ _tag: "Row", number: 4, fields: { a: "7", b: "8" } })
    expect(rows[0]).toMatchObject({ reason: "more or fewer values than columns" })
  })
})

it("csv numbers rows alike, however the file comes in", async () => {
  const lines = Array.from({ length: 300 }, (_, n) => (n % 7 === 3 ? "x" : `${n},y`))
  const text = `a,b\n${lines.join("\n")}\n`
  const whole = (async function* () {
    yield new TextEncoder().encode(text)
  })()
  const bytewise = await rowsOf(csv(bytesOf(text), { delimiter: "," }))
  expect(await rowsOf(csv(whole, { delimiter: "," }))).toEqual(bytewise)
  expect(bytewise.map(({ number }) => number)).toEqual(lines.map((_, n) => n + 1))
  expect(bytewise[4]).toEqual({
    _tag: "Row",
    number: 5,
    fields: { a: "4", b: "y" }
  })
})

it("csv says when a quote is never closed, without holding the rest", async () => {
  const endless = (async function* () {
    yield new TextEncoder().encode('a,b\n1,"x')
    const chunk = new Uint8Array(1024 * 1024).fill(0x78)
    for (let n = 0; n < 6; n++) yield chunk
  })()
  const read = rowsOf(csv(endless, { delimiter: "," }))
  await expect(read).rejects.toThrow("row 1 is longer than 4 MiB")
}, 30_000)

it("reads no table whose columns cannot be told apart, or are too many", async () => {
  const twice = "id,at,,at,\n1,2,3,4,5\n"
  expect(await rowsOf(csv(bytesOf(twice), { delimiter: "," }))).toMatchObject([
    { number: 1, fields: { id: "1", at: "4" } }
  ])
  const told = async (text: string) =>
    Promise.resolve(
      rowsOf(csv(bytesOf(text), { delimiter: ",", areNamesUnique: true }))
    ).then(
      () => "read",
      (error: unknown) => String(error)
    )
  expect(await told("id,at,,\n1,2,3,4\n")).toBe("read")
  expect(await told(twice)).toContain("two columns are called at")
  expect(await told(`${",".repeat(10_000)}\n1\n`)).toContain("10001 columns")
})

it("gives long rows of a table a few at a time", async () => {
  const text = `id,text\n${`1,${"x".repeat(1024 * 1024)}\n`.repeat(12)}`
  const whole = (async function* () {
    yield new TextEncoder().encode(text)
  })()
  const blocks = await Array.fromAsync(csv(whole, { delimiter: "," }))
  expect(Math.max(...blocks.map(({ rows }) => rows.length))).toBeLessThan(6)
  expect(blocks.flatMap(({ rows }) => rows).at(-1)).toMatchObject({ number: 12 })
})

describe("columns", () => {
  it("splits at runs of blanks", async () => {
    const rows = await rowsOf(columns(bytesOf(" id  x\n 1   2\n\n 3\n"), {}))
    expect(rows).toEqual([
      { _tag: "Row", number: 1, fields: { id: "1", x: "2" } },
      { _tag: "UnreadableRow", number: 2, reason: "1 values for 2 columns" }
    ])
  })
})

describe("ndjson", () => {
  it("keeps all digits, and names lines that are no objects", async () => {
    const text = '{"id":12345678901234567}\n[1]\n{"half":\n\n{"ok":true}'
    const rows = await rowsOf(ndjson(bytesOf(text), beginning))
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
  it("does not look again and again for the end of a line", async () => {
    const line = `1.1.1.1 - - [t] "GET / H" 200 1 "-" "${" ".repeat(1_000_000)}"x`
    const whole = (async function* () {
      yield new TextEncoder().encode(line)
    })()
    // The square of it would take minutes.
    expect(await rowsOf(apacheLog(whole, beginning))).toMatchObject([
      { _tag: "UnreadableRow" }
    ])
  })

  it("reads the combined and the common format", async () => {
    const common =
      '192.0.2.1 - eva [17/May/2015:10:05:03 +0000] "GET /a?b=1 HTTP/1.1" 200 -'
    const combined = `${common.replace("200 -", "404 17")} "-" "Moz \\"x\\""`
    const rows = await rowsOf(
      apacheLog(bytesOf(`${common}\n${combined}\nnot a log`), beginning)
    )
    expect(rows[0]).toMatchObject({ fields: { user: "eva", path: "/a?b=1", bytes: 0 } })
    expect(rows[1]).toMatchObject({
      fields: { status: 404, bytes: 17, referrer: null, userAgent: 'Moz "x"' }
    })
    expect(rows[2]).toMatchObject({ _tag: "UnreadableRow", number: 3 })
    const cut = await rowsOf(apacheLog(bytesOf(combined.slice(0, -1)), beginning))
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
