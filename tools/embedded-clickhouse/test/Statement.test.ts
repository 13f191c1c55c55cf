import { describe, expect, test } from "bun:test"
import fc from "fast-check"
import { tokens } from "../src/SqlLexer.ts"
import { parseStatement } from "../src/Statement.ts"

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const parse = (text: string) => parseStatement("", bytes(text))

const insert = (text: string) => {
  const statement = parse(text)
  if (statement.kind !== "insert") throw new Error("not an insert with data")
  return {
    sql: statement.sql.trim(),
    format: statement.format,
    data: Buffer.concat(statement.data).toString()
  }
}

describe("an INSERT with data", () => {
  test.each([
    ["INSERT INTO t FORMAT CSV\n1,2", "INSERT INTO t", "CSV", "1,2"],
    ["insert into t format CSV \r\n1,2", "insert into t", "CSV", "1,2"],
    ["INSERT INTO t FORMAT JSONEachRow {}", "INSERT INTO t", "JSONEachRow", "{}"],
    ["INSERT INTO t (a) VALUES (1)", "INSERT INTO t (a)", "Values", " (1)"],
    ["INSERT INTO `format` VALUES(1)", "INSERT INTO `format`", "Values", "(1)"],
    ["INSERT INTO db.values VALUES(1)", "INSERT INTO db.values", "Values", "(1)"],
    ["INSERT INTO format FORMAT CSV\n1", "INSERT INTO format", "CSV", "1"],
    [
      "-- FORMAT X\nINSERT INTO t /* VALUES */ (`VALUES`, \"FORMAT\") SETTINGS a='FORMAT y' FORMAT CSV\n1",
      "-- FORMAT X\nINSERT INTO t /* VALUES */ (`VALUES`, \"FORMAT\") SETTINGS a='FORMAT y'",
      "CSV",
      "1"
    ],
    [
      "INSERT INTO FUNCTION file('a', 'CSV', 'values String') VALUES ('x')",
      "INSERT INTO FUNCTION file('a', 'CSV', 'values String')",
      "Values",
      " ('x')"
    ]
  ])("%s", (text, sql, format, data) => {
    expect(insert(text)).toEqual({ sql, format, data })
  })

  test("keeps any bytes after its first line", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        const text = new Uint8Array(
          Buffer.concat([Buffer.from("INSERT INTO é FORMAT RowBinary\n"), data])
        )
        const statement = parseStatement("", text)
        expect(statement).toMatchObject({ sql: "INSERT INTO é ", format: "RowBinary" })
        if (statement.kind !== "insert") return
        expect(Buffer.concat(statement.data)).toEqual(Buffer.from(data))
      })
    )
  })

  test("has the body after what the URL holds of it", () => {
    const statement = parseStatement("INSERT INTO t VALUES (1),", bytes("(2)"))
    expect(statement).toMatchObject({ kind: "insert", format: "Values" })
    const apart = parseStatement("INSERT INTO t FORMAT CSV", bytes("1,2"))
    expect(apart).toMatchObject({ kind: "insert", data: [bytes("1,2")] })
  })

  test("may have no data at all", () => {
    expect(parseStatement("INSERT INTO t FORMAT CSV", bytes(""))).toMatchObject({
      kind: "insert",
      data: []
    })
  })
})

describe("other statements", () => {
  test.each([
    ["SELECT 1 FORMAT JSON", "JSON", true],
    ["SELECT 1 FORMAT JSON;", "JSON", true],
    ["WITH 1 AS x SELECT x FORMAT CSV SETTINGS a = 1", "CSV", true],
    ["(SELECT 1) -- FORMAT CSV", undefined, true],
    ["SELECT 'FORMAT CSV'", undefined, true],
    ["SELECT 1 FORMAT CSV /* FORMAT JSON */", "CSV", true],
    ["SELECT (SELECT formatRow('CSV', 1))", undefined, true],
    ["SELECT a ORDER BY format DESC", undefined, true],
    ["SHOW TABLES FORMAT JSON", "JSON", false],
    ["INSERT INTO t SELECT 1", undefined, false],
    ["INSERT INTO t SELECT 1 FORMAT Null", "Null", false]
  ] as const)("%s", (sql, format, selects) => {
    expect(parse(sql)).toEqual({ kind: "plain", sql, format, selects, kills: false })
  })

  test("continue in the body", () => {
    expect(parseStatement("SELECT", bytes("1"))).toMatchObject({ sql: "SELECT\n1" })
  })
})

test("tokens never overlap and cover what is no space or comment", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          ..."'`\"\\;$()-#/* \n".split(""),
          "--",
          "/*",
          "*/",
          "$a$",
          "INSERT",
          "x"
        )
      ),
      (parts) => {
        const sql = parts.join("")
        let end = 0
        for (const token of tokens(sql)) {
          expect(token.start).toBeGreaterThanOrEqual(end)
          expect(token.end).toBeGreaterThan(token.start)
          end = token.end
        }
        expect(end).toBeLessThanOrEqual(sql.length)
      }
    )
  )
})
