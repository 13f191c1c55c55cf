import { describe, expect, it } from "bun:test"
import fc from "fast-check"
import { split } from "../src/SqlStatements.ts"

describe("split", () => {
  it("cuts at semicolons and leaves out empty pieces", () => {
    expect(split("SELECT 1;\n;SELECT 2 ; -- the end\n", "postgres")).toEqual([
      "SELECT 1",
      "SELECT 2"
    ])
    expect(split("-- nothing\n/* here; */;", "clickhouse")).toEqual([])
  })

  it("keeps semicolons inside strings, names, comments and dollar quotes", () => {
    for (const statement of [
      "SELECT 'a;b', 'it''s;'",
      'SELECT 1 AS "a;""b"',
      "SELECT 1 -- one; two\n + 1",
      "SELECT /* ; */ 1",
      "SELECT /* a /* nested; */ b; */ 1",
      "DO $$ BEGIN PERFORM 1; END $$",
      "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $body$ SELECT ';$$'; $body$",
      String.raw`SELECT E'it\'s;'`,
      String.raw`SELECT 'C:\', 1`
    ])
      expect(split(`${statement}; SELECT 2`, "postgres")).toEqual([
        statement,
        "SELECT 2"
      ])
    for (const statement of [
      String.raw`SELECT 'it\'s;', 'a\\'`,
      "SELECT 1 AS `a;b`",
      "SELECT /* /* ; */ 1",
      "SELECT $doc$;$doc$"
    ])
      expect(split(`${statement}; SELECT 2`, "clickhouse")).toEqual([
        statement,
        "SELECT 2"
      ])
  })

  it("does not take a dollar inside a name for a quote", () => {
    expect(split("SELECT a$b$c; SELECT d$b$e", "postgres")).toEqual([
      "SELECT a$b$c",
      "SELECT d$b$e"
    ])
  })

  it("knows parameters from quotes", () => {
    expect(split("SELECT $1; SELECT $2", "postgres")).toEqual([
      "SELECT $1",
      "SELECT $2"
    ])
  })

  it("names the line of what never ends", () => {
    expect(() => split("SELECT 1;\nSELECT 'x", "postgres")).toThrow("line 2")
    expect(() => split("/* x", "clickhouse")).toThrow("unterminated")
  })

  it("gives back any statements it was joined from", () => {
    const piece = fc.oneof(
      fc.string({ unit: "grapheme" }).map((text) => `'${text.replaceAll("'", "''")}'`),
      fc.stringMatching(/^[a-z][a-z0-9_]*$/),
      fc.string().map((text) => `/*${text.replace(/[*/]/g, "")}*/ 1`),
      fc.string().map((text) => `$q$${text.replaceAll("$", "")}$q$`)
    )
    const statement = fc
      .array(piece, { minLength: 1 })
      .map((pieces) => `SELECT ${pieces.join(" + ")}`)
    fc.assert(
      fc.property(fc.array(statement), (statements) => {
        expect(split(statements.join(";\n"), "postgres")).toEqual(statements)
      })
    )
  })
})
