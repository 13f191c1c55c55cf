import { afterAll, expect, it } from "bun:test"
import { arrow } from "@analytics/data-processing/tables/arrowTable"
import { columnsOf } from "@analytics/data-processing/tables/columnTypes"
import { tabular } from "@analytics/data-processing/tables/tabular"
import { tableFromIPC } from "apache-arrow"
import { Effect, Schema } from "effect"
import { makeTenantSql } from "../sql/tenantSql.ts"

const store = makeTenantSql()
afterAll(() => store.dispose())

const Answer = Schema.Struct({ result: Schema.Unknown })

/** Every type that a client may name, and some that functions make. */
const columns = {
  tiny: ["toInt8(-7)", "Float64"],
  word: ["toUInt32(4294967295)", "Float64"],
  share: ["toFloat64(0.1)", "Float64"],
  half: ["toFloat32(0.5)", "Float64"],
  never: ["nan", "Float64"],
  endless: ["inf", "Float64"],
  maybe: ["CAST(NULL, 'Nullable(Int32)')", "Float64"],
  long: ["toInt64(-9007199254740993)", "Utf8"],
  count: ["count()", "Utf8"],
  large: ["CAST('9007199254740993', 'UInt256')", "Utf8"],
  exact: ["CAST('1.10', 'Decimal(9, 2)')", "Utf8"],
  sure: ["true", "Bool"],
  text: ["'a\\\\0\"'", "Utf8"],
  fixed: ["CAST('ab', 'FixedString(2)')", "Utf8"],
  few: ["CAST('x', 'LowCardinality(String)')", "Utf8"],
  id: ["toUUID('6f2b9fd4-6c1c-4c39-93e6-0a2e0a5a3a11')", "Utf8"],
  day: ["toDate('2025-03-01')", "Utf8"],
  instant: ["toDateTime64('2025-03-01 00:00:00.5', 3, 'UTC')", "Utf8"],
  list: ["[1, 2]", "Utf8"],
  pair: ["tuple(1, 'a')", "Utf8"],
  names: ["map('a', 1)", "Utf8"],
  nothing: ["NULL", "Utf8"]
} as const

it("holds each type of the store as its JSON does", async () => {
  const query = Object.entries(columns).map(([name, [sql]]) => `${sql} AS ${name}`)
  const answer = await store.ask(1, {
    kind: "sql",
    query: `SELECT ${query.join(", ")} FROM events`
  })
  expect(answer).toMatchObject({ status: 200 })
  const { result } = Schema.decodeUnknownSync(Answer)(answer.body)
  const table = tabular("sql", result)
  if (table === undefined) throw new Error("SQL is a table")
  const typed = columnsOf("sql", result, table)
  const { body, head, tail } = await Effect.runPromise(arrow.open(typed))
  const read = tableFromIPC(Buffer.concat([head, body(table.rows), tail]))
  expect(read.schema.fields.map(({ name, type }) => [name, String(type)])).toEqual(
    Object.entries(columns).map(([name, [, type]]) => [name, type])
  )
  const json = new Set(typed.filter(({ type }) => type === "json").map((it) => it.name))
  const expected = table.rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        json.has(name) && value !== null ? JSON.stringify(value) : value
      ])
    )
  )
  expect(read.toArray().map((row) => row.toJSON())).toEqual(expected)
  expect([...json]).toEqual(["exact", "list", "pair", "names", "nothing"])
})
