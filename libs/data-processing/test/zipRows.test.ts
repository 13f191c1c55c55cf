import { describe, expect, it } from "bun:test"
import { gzipSync } from "node:zlib"
import fc from "fast-check"
import { zipSync } from "fflate"
import { type Batch, batches, unread } from "../src/import/batches.ts"
import { rowId } from "../src/import/Mapped.ts"
import { plainEvent } from "../src/import/plainEvent.ts"
import { csv } from "../src/readers/csv.ts"
import { ndjson } from "../src/readers/ndjson.ts"
import { exactly, type RandomAccess } from "../src/readers/RandomAccess.ts"
import {
  type Bytes,
  beginning,
  type Position,
  type Reader
} from "../src/readers/Row.ts"
import { ArchiveUnreadable } from "../src/readers/zip.ts"
import { zipRows } from "../src/readers/zipRows.ts"

const text = (content: string) => new TextEncoder().encode(content)

/** A file of a store that gives small chunks, and counts what is asked of it. */
const fileOf = (content: Uint8Array, chunk = 1000) => {
  const asked = { slices: 0, reads: 0 }
  const file: RandomAccess = {
    bytes: content.length,
    read: async function* (start) {
      asked.reads++
      for (let at = start; at < content.length; at += chunk)
        yield content.subarray(at, at + chunk)
    },
    slice: async (start, end) => {
      asked.slices++
      return exactly(content.subarray(start, end), end - start)
    }
  }
  return { ...file, asked }
}

const csvReader: Reader = (bytes: Bytes, from: Position) =>
  csv(bytes, { delimiter: "," }, from)

const rowsOf = async (
  content: Uint8Array,
  reader: Reader = ndjson,
  options: Parameters<typeof zipRows>[3] = {}
) => {
  const blocks = await Array.fromAsync(
    zipRows(fileOf(content), reader, beginning, options)
  )
  return blocks.flatMap(({ rows }) => rows)
}

const refusal = async (content: Uint8Array): Promise<string> => {
  try {
    await rowsOf(content)
    return "read"
  } catch (error) {
    return error instanceof Error ? `${error.constructor.name}: ${error.message}` : ""
  }
}

const two = () =>
  zipSync({ "a.json": text('{"n":1}\n{"n":2}'), "b.json": text('{"n":3}') })

/** Changes bytes of the headers of the first member: 0 is the local one. */
const changed = (
  content: Uint8Array,
  change: (view: DataView, local: number, central: number) => void
) => {
  const copy = Uint8Array.from(content)
  const central = Buffer.from(copy).indexOf(Buffer.from("504b0102", "hex"))
  change(new DataView(copy.buffer), 0, central)
  return copy
}

describe("zipRows", () => {
  it("reads files in order, packed twice or not at all, as one stream of rows", async () => {
    const archive = zipSync({
      "folder/": new Uint8Array(),
      "folder/1.json.gz": gzipSync('{"n":1}\n{"n":2}\n'),
      "__MACOSX/folder/._1.json.gz": text("noise"),
      ".DS_Store": text("noise"),
      // No line end: the next file begins a row of its own.
      "2.json": [text('{"n":3}'), { level: 0 }],
      "empty.json": new Uint8Array(),
      "3.json": text('{"n":4}\ntorn')
    })
    expect(
      (await rowsOf(archive)).map((row) =>
        row._tag === "Row" ? [row.number, row.fields["n"]] : [row.number, row.reason]
      )
    ).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, "not valid JSON"]
    ])
    const named = await rowsOf(archive, ndjson, {
      isWanted: (name) => name === "2.json"
    })
    expect(named).toMatchObject([{ number: 1, fields: { n: 3 } }])
  })

  it("numbers rows of several tables on, each with its own names", async () => {
    const archive = zipSync({
      "a.csv": text("x,y\n1,2\n3,4\n"),
      "b.csv": text("y\n5\n")
    })
    expect(await rowsOf(archive, csvReader)).toMatchObject([
      { number: 1, fields: { x: "1", y: "2" } },
      { number: 2, fields: { x: "3", y: "4" } },
      { number: 3, fields: { y: "5" } }
    ])
  })

  it.each(["ndjson", "csv"] as const)(
    "goes on from every batch without losing or repeating a row (%s)",
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), {
            minLength: 1,
            maxLength: 6
          }),
          fc.integer({ min: 1, max: 5 }),
          async (sizes, maxEvents) => {
            let n = 0
            const files = sizes.map(([count, isPacked], index) => {
              const lines = Array.from({ length: count }, () =>
                kind === "csv" ? `e,${++n}` : `{"event":"e","n":"${++n}"}`
              )
              const head = kind === "csv" ? ["event,n"] : [" "]
              const content = text([...head, ...lines].join("\n"))
              return [`${index}`, isPacked ? gzipSync(content) : content] as const
            })
            const archive = zipSync(Object.fromEntries(files))
            const reader = kind === "csv" ? csvReader : ndjson
            const read = (after = unread): Promise<ReadonlyArray<Batch>> =>
              Array.fromAsync(
                batches(
                  zipRows(fileOf(archive, 7), reader, after.from),
                  plainEvent,
                  "f",
                  { maxEvents, maxBytes: 10_000 },
                  after
                )
              )
            const eventsOf = (all: ReadonlyArray<Batch>) =>
              all.flatMap(({ events }) => events)
            const whole = await read()
            // Among them the ids, made of their places.
            expect(new Set(eventsOf(whole)).size).toBe(n)
            for (const [index, batch] of whole.entries())
              expect(eventsOf(await read(batch))).toEqual(
                eventsOf(whole.slice(index + 1))
              )
          }
        ),
        { numRuns: 25 }
      )
    }
  )

  it("tells a row apart by its file, whichever files are read", async () => {
    const archive = zipSync({
      "a.csv": text("n\n1\n2\n"),
      [`${"long/".repeat(60)}b.csv`]: text("n\n3\n4\n")
    })
    const idsOf = async (isWanted?: (name: string) => boolean) => {
      const rows = await rowsOf(archive, csvReader, { isWanted })
      return rows.map((row) => rowId("f", row))
    }
    const all = await idsOf()
    expect(new Set(all).size).toBe(4)
    expect(await idsOf((name) => name.endsWith("a.csv"))).toEqual(all.slice(0, 2))
    expect(await idsOf((name) => name.endsWith("b.csv"))).toEqual(all.slice(2))
  })

  it("does not read what was read before, and asks for the directory at once", async () => {
    const last = 3999
    const names = Array.from({ length: last + 1 }, (_, n) => [
      `${n}.json`,
      text(`{"n":${n}}`)
    ])
    const file = fileOf(zipSync(Object.fromEntries(names), { level: 0 }))
    const from = { byte: 0, row: last - 1, member: last - 1 }
    const rows = await Array.fromAsync(zipRows(file, ndjson, from))
    expect(rows.flatMap((block) => block.rows)).toMatchObject([
      { number: last, fields: { n: last - 1 } },
      { number: last + 1, fields: { n: last } }
    ])
    // Two of them for the two files.
    expect(file.asked.slices).toBeLessThan(8)
    expect(file.asked.reads).toBe(0)
  })

  it("streams a large file, and takes no more than it", async () => {
    const lines = Array.from({ length: 50_000 }, (_, n) => `{"n":${n},"text":"shoes"}`)
    const file = fileOf(
      zipSync(
        { "large.json": text(lines.join("\n")), "b.json": text('{"n":-1}') },
        { level: 0 }
      ),
      100_000
    )
    const blocks = await Array.fromAsync(zipRows(file, ndjson, beginning))
    const rows = blocks.flatMap((block) => block.rows)
    expect(rows).toHaveLength(50_001)
    expect(rows[49_999]).toMatchObject({ number: 50_000, fields: { n: 49_999 } })
    expect(rows[50_000]).toMatchObject({ number: 50_001, fields: { n: -1 } })
    expect(file.asked.reads).toBe(1)
  })

  it("says in plain words what it does not read", async () => {
    const broken: ReadonlyArray<readonly [Uint8Array, RegExp]> = [
      [two().subarray(0, 60), /central directory/u],
      [text("PK\u0003\u0004 and nothing else of an archive"), /central directory/u],
      [zipSync({}), /holds no files/u],
      [zipSync({ "in.zip": two() }), /in\.zip is an archive itself/u],
      [zipSync({ "a.parquet": text("PAR1....") }), /Parquet/u],
      [changed(two(), (view, _, at) => view.setUint16(at + 8, 1, true)), /encrypted/u],
      [
        changed(two(), (view, _, at) => view.setUint16(at + 10, 12, true)),
        /method 12/u
      ],
      [changed(two(), (view, _, at) => view.setUint32(at + 16, 7, true)), /damaged/u],
      [changed(two(), (view, _, at) => view.setUint32(at + 24, 3, true)), /damaged/u],
      [
        changed(two(), (view, _, at) => view.setUint32(at + 20, 90, true)),
        /next file/u
      ],
      [changed(two(), (view, at) => view.setUint32(at, 7, true)), /not where/u]
    ]
    for (const [content, reason] of broken)
      expect(await refusal(content)).toMatch(
        new RegExp(`^ArchiveUnreadable: .*${reason.source}`, "u")
      )
    // Names are texts: one that would be a path is refused or shown, and leads nowhere.
    expect(await refusal(zipSync({ "../../etc/x": text("{}") }))).toContain("relative")
  })

  it("says so of any damage, and never hangs", async () => {
    const archive = zipSync({
      "a.json": text('{"n":1}\n'.repeat(50)),
      "b.json.gz": gzipSync('{"n":2}\n'.repeat(50))
    })
    const place = fc.tuple(
      fc.integer({ min: 0, max: archive.length - 1 }),
      fc.integer({ min: 0, max: 255 })
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(place, { minLength: 1, maxLength: 4 }),
        async (places) => {
          const damaged = Uint8Array.from(archive)
          for (const [at, byte] of places) damaged[at] = byte
          const read = await rowsOf(damaged).catch((error: unknown) => error)
          if (Array.isArray(read) || read instanceof ArchiveUnreadable) return
          // What the unpacker says of its bytes.
          expect(read).toHaveProperty("code", expect.stringMatching(/^Z_/u))
        }
      ),
      { numRuns: 300 }
    )
  })

  it("does not unpack without end", async () => {
    const zeros = gzipSync(new Uint8Array(70 * 1024 * 1024), { level: 1 })
    const bomb = zipSync({ "zeros.gz": zeros })
    expect(bomb.length).toBeLessThan(10_000)
    expect(await refusal(bomb)).toMatch(/unpacks to more than 250 times/u)
  })

  it("tells what the store says, and not that the archive is at fault", async () => {
    const away = new Error("away")
    const file = {
      ...fileOf(two()),
      slice: () => Promise.reject(away)
    }
    const read = Array.fromAsync(zipRows(file, ndjson, beginning))
    expect(await read.catch((error: unknown) => error)).toBe(away)
  })
})
