import { afterAll, beforeAll, expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { startServer, type TestServer } from "./startServer.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer({ durable: false })
  await server.command("CREATE TABLE kept (a UInt64) ENGINE = MergeTree ORDER BY a")
})
afterAll(() => server.stop())

const code = async (sql: string, parameters: Record<string, string> = {}) => {
  const { headers } = await server.post(sql, parameters)
  return Number(headers.get("x-clickhouse-exception-code") ?? 0)
}

test.each([
  "SELECT * FROM file('/etc/passwd', 'LineAsString')",
  "SELECT file('/etc/passwd')",
  "SELECT \"file\" /* c */ ('/etc/passwd')",
  "SELECT * FROM `url`('http://127.0.0.1/x', 'CSV')",
  "SELECT * FROM s3('http://127.0.0.1/x', 'CSV')",
  "SELECT * FROM executable('x.sh', 'CSV', 'a String')",
  "SELECT * FROM remote('127.0.0.1', system.one)",
  "SELECT * FROM `/etc/passwd`",
  "INSERT INTO kept VALUES (1)",
  "INSERT INTO kept SELECT 1",
  "DROP TABLE kept",
  "SELECT 1 SETTINGS max_block_size = 123",
  "SET max_block_size = 123"
])("readonly refuses %s", async (sql) => {
  expect(await code(sql, { readonly: "1" })).toBe(164)
  expect(await server.rows<unknown>("SELECT count() AS n FROM kept")).toEqual([
    { n: 0 }
  ])
})

test("readonly is itself not changed by the query, and reads work", async () => {
  expect(await code("SET readonly = 0", { readonly: "1" })).toBe(164)
  const read = await server.post("SELECT 1", { readonly: "1", max_threads: "1" })
  expect(read.text).toBe("1\n")
})

test("GET only reads", async () => {
  const query = encodeURIComponent("INSERT INTO kept VALUES (1)")
  const answer = await fetch(`${server.origin}/?query=${query}`)
  expect(answer.headers.get("x-clickhouse-exception-code")).toBe("164")
})

test("no statement writes or reads files by OUTFILE and INFILE", async () => {
  const target = join(server.directory, "out.csv")
  for (const readonly of ["0", "1"]) {
    expect(await code(`SELECT 1 INTO OUTFILE '${target}'`, { readonly })).toBe(164)
    expect(
      await code(`SELECT 1 INTO/**/outfile '${target}' TRUNCATE FORMAT CSV`, {
        readonly
      })
    ).toBe(164)
    expect(await code(`INSERT INTO kept FROM INFILE '${target}'`, { readonly })).toBe(
      164
    )
  }
  expect(existsSync(target)).toBe(false)
})

test.each([
  "SELECT 1; SELECT 2",
  "SELECT 1; DROP TABLE kept",
  "SELECT ';'; DROP TABLE kept",
  "SELECT $h$;$h$; DROP TABLE kept",
  "DROP TABLE kept; nonsense",
  "INSERT INTO kept; DROP TABLE kept FORMAT CSV\n1",
  "SELECT 1 -- \n; DROP TABLE kept",
  "SELECT 1 /* ; */ ; DROP TABLE kept"
])("one statement a request: %s", async (sql) => {
  expect(await code(sql)).toBe(62)
  expect(await server.rows<unknown>("EXISTS kept")).toEqual([{ result: 1 }])
})

test("semicolons that end nothing are no second statement", async () => {
  expect((await server.post("SELECT ';--' /* ; */ ; -- ;\n")).text).toBe(";--\n")
})

test("HTTP sessions and native compression are refused, not ignored", async () => {
  expect(await code("SELECT 1", { session_id: "s" })).toBe(48)
  expect(await code("SELECT 1", { compress: "1" })).toBe(48)
})

test("a setting's name cannot carry SQL", async () => {
  expect(await code("SELECT 1", { "a=1; DROP TABLE kept; SET b": "1" })).toBe(115)
  expect(await code("SELECT 1", { max_threads: "1'; DROP TABLE kept; --" })).not.toBe(0)
  expect(await code("SELECT 1", { database: "`; DROP TABLE kept; --" })).toBe(81)
  expect(await server.rows<unknown>("EXISTS kept")).toEqual([{ result: 1 }])
})
