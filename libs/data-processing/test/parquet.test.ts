import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { parquetWriteBuffer } from "hyparquet-writer"
import { parquet, parquetMetadata } from "../src/readers/parquet.ts"
import type { Row } from "../src/readers/Row.ts"

const fileOf = (buffer: ArrayBuffer) => ({
  byteLength: buffer.byteLength,
  slice: (start: number, end?: number) => buffer.slice(start, end)
})

const rowsOf = async (buffer: ArrayBuffer, after = 0) => {
  const file = fileOf(buffer)
  const metadata = await parquetMetadata(file)
  const blocks = await Array.fromAsync(parquet(file, metadata, after))
  return blocks.flatMap(({ rows }) => rows as ReadonlyArray<Row>)
}

const count = 1000
const written = (pageIndex: boolean) =>
  parquetWriteBuffer({
    columnData: [
      { name: "n", data: Array.from({ length: count }, (_, n) => n), type: "INT32" },
      {
        name: "user",
        data: Array.from({ length: count }, (_, n) => (n % 3 === 0 ? null : `u${n}`)),
        type: "STRING",
        columnIndex: pageIndex,
        offsetIndex: pageIndex
      }
    ],
    rowGroupSize: 300,
    pageSize: 500
  })

describe("parquet", () => {
  it("gives values as JSON has them, with all digits of integers", async () => {
    const buffer = parquetWriteBuffer({
      columnData: [
        { name: "big", data: [12345678901234567n, 7n], type: "INT64" },
        { name: "at", data: [new Date(0), new Date(86_400_000)], type: "TIMESTAMP" },
        { name: "ok", data: [true, false], type: "BOOLEAN" },
        { name: "price", data: [1.5, Number.NaN], type: "DOUBLE" },
        { name: "properties", data: [{ a: [1, "ü"] }, { a: {} }], type: "JSON" }
      ]
    })
    const rows = await rowsOf(buffer)
    expect(rows.map(({ fields }) => JSON.stringify(fields))).toEqual([
      '{"big":12345678901234567,"at":"1970-01-01T00:00:00.000Z","ok":true,"price":1.5,"properties":{"a":[1,"ü"]}}',
      '{"big":7,"at":"1970-01-02T00:00:00.000Z","ok":false,"price":null,"properties":{"a":{}}}'
    ])
  })

  it.each([false, true])("reads on after any row (page index: %p)", async (indexed) => {
    const buffer = written(indexed)
    const whole = await rowsOf(buffer)
    expect(whole.map(({ number }) => number)).toEqual(
      Array.from({ length: count }, (_, n) => n + 1)
    )
    for (const after of [0, 1, 299, 300, 301, 950, count]) {
      const rest = await rowsOf(buffer, after)
      expect(rest.filter(({ number }) => number > after)).toEqual(whole.slice(after))
    }
  })

  it("says what is wrong with a damaged file, and never more", async () => {
    const good = new Uint8Array(written(true))
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(fc.nat({ max: good.length - 1 }), fc.integer({ min: 0, max: 255 })),
          { minLength: 1, maxLength: 20 }
        ),
        fc.nat({ max: 200 }),
        async (changes, cut) => {
          const damaged = good.slice(0, good.length - cut)
          // Most often in the metadata at the end, which is believed first.
          for (const [at, value] of changes)
            damaged[damaged.length - 1 - (at % Math.min(600, damaged.length))] = value
          const outcome = await rowsOf(damaged.buffer).then(
            () => "read",
            (error: Error) => error.constructor.name
          )
          expect(["read", "ParquetUnreadable"]).toContain(outcome)
        }
      ),
      { numRuns: 100 }
    )
  }, 30_000)
})
