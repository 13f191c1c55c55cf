import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { gzipSync } from "node:zlib"
import { startServer, type TestServer } from "./startServer.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer({ durable: false })
})
afterAll(() => server.stop())

const table = async (name: string, columns = "a UInt64, s String"): Promise<string> => {
  await server.command(`DROP TABLE IF EXISTS ${name}`)
  await server.command(
    `CREATE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY a
     SETTINGS non_replicated_deduplication_window = 100`
  )
  return name
}
const stored = (name: string) =>
  server.rows<unknown>(`SELECT * FROM ${name} ORDER BY a`)

const sql = "x\n\nDROP TABLE victim;\n\nDROP TABLE victim\n"

describe("data that looks like SQL", () => {
  test("is refused after a blank line, and executes nothing", async () => {
    await table("victim")
    for (const [format, row] of [
      ["JSONEachRow", '{"a":1,"s":"x"}'],
      ["CSV", '1,"x"'],
      ["TSV", "1\tx"],
      ["Values", "(1,'x')"]
    ] as const) {
      const data = `${row}\n\nDROP TABLE victim\n`
      const apart = await server.post(data, {
        query: `INSERT INTO victim FORMAT ${format}`
      })
      const together = await server.post(`INSERT INTO victim FORMAT ${format}\n${data}`)
      expect([format, apart.status, together.status]).toEqual([format, 400, 400])
    }
    const values = await server.post(
      "INSERT INTO victim VALUES (1,'x')\n\nDROP TABLE victim"
    )
    expect(values.status).toBe(400)
    expect(await stored("victim")).toEqual([])
  })

  test("is stored as it is inside a value, in text and in binary formats", async () => {
    await table("victim")
    await server.client.insert({
      table: "victim",
      values: [{ a: 1, s: sql }],
      format: "JSONEachRow"
    })
    const quoted = `'${sql.replaceAll("\n", "\\n")}'`
    expect((await server.post(`INSERT INTO victim VALUES (2, ${quoted})`)).status).toBe(
      200
    )
    const raw = await server.post(`INSERT INTO victim FORMAT Values (3, '${sql}')`)
    expect(raw.status).toBe(200)
    const csv = await server.post(`4,"${sql}"\n`, {
      query: "INSERT INTO victim FORMAT CSV"
    })
    expect(csv.status).toBe(200)
    expect(await stored("victim")).toEqual([1, 2, 3, 4].map((a) => ({ a, s: sql })))
  })

  test.each(["RowBinary", "Native", "Parquet", "ArrowStream", "Arrow", "ORC", "Avro"])(
    "survives %s, out and in again",
    async (format) => {
      await table("victim")
      await table("copy")
      await server.client.insert({
        table: "victim",
        values: Array.from({ length: 300 }, (_, a) => ({ a, s: `${sql}\u0000${a}é` })),
        format: "JSONEachRow"
      })
      const out = await fetch(
        `${server.origin}/?${new URLSearchParams({ query: `SELECT * FROM victim ORDER BY a FORMAT ${format}` })}`
      )
      const bytes = await out.arrayBuffer()
      const apart = await server.post(bytes, {
        query: `INSERT INTO copy FORMAT ${format}`
      })
      expect([apart.status, apart.text]).toEqual([200, ""])
      expect(await stored("copy")).toEqual(await stored("victim"))
      await server.command("TRUNCATE TABLE copy")
      const together = await server.post(
        new Blob([`INSERT INTO copy FORMAT ${format}\n`, bytes])
      )
      expect([together.status, together.text]).toEqual([200, ""])
      expect(await stored("copy")).toEqual(await stored("victim"))
    }
  )
})

describe("INSERT without separate data", () => {
  test("VALUES with expressions, parameters, column lists and a semicolon", async () => {
    await table("t")
    const inserted = await server.post(
      "INSERT INTO t (s, a) VALUES ('one', 1 + 0), ({s:String}, {a:UInt64});",
      { param_s: "two'\\t", param_a: "2" }
    )
    expect([inserted.status, inserted.text]).toEqual([200, ""])
    expect(
      JSON.parse(inserted.headers.get("x-clickhouse-summary") ?? "")
    ).toMatchObject({
      written_rows: "2"
    })
    expect(await stored("t")).toEqual([
      { a: 1, s: "one" },
      { a: 2, s: "two'\t" }
    ])
  })

  test("SELECT, WITH and comments", async () => {
    await table("t")
    await server.command("/* VALUES */ INSERT INTO t SELECT 1, 'FORMAT CSV'")
    await server.command(
      "INSERT INTO t (a, s) WITH 2 AS x SELECT x, 'w' -- FORMAT CSV\n"
    )
    expect(await stored("t")).toEqual([
      { a: 1, s: "FORMAT CSV" },
      { a: 2, s: "w" }
    ])
  })

  test("whose data would stay inside the SQL is refused", async () => {
    await table("t")
    for (const text of [
      "INSERT INTO t SELECT a, s FROM input('a UInt64, s String') FORMAT CSV\n1,a\n\nDROP TABLE t",
      "WITH 1 AS x INSERT INTO t VALUES (1,'a')\n\nDROP TABLE t",
      "PARALLEL WITH INSERT INTO t VALUES (1,'a')\n\nDROP TABLE t",
      "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString"
    ]) {
      expect((await server.post(text)).status).toBeGreaterThanOrEqual(400)
    }
    expect(await stored("t")).toEqual([])
  })
})

test("one deduplication token stores once", async () => {
  await table("t")
  for (const s of ["first", "second"]) {
    await server.client.insert({
      table: "t",
      values: [{ a: 1, s }],
      format: "JSONEachRow",
      clickhouse_settings: { insert_deduplication_token: "token-1" }
    })
  }
  expect(await stored("t")).toEqual([{ a: 1, s: "first" }])
})

test("compressed bodies are taken, and bombs refused", async () => {
  await table("t")
  const query = "INSERT INTO t FORMAT JSONEachRow"
  const gzip = { "Content-Encoding": "gzip" }
  const good = await server.post(gzipSync('{"a":1,"s":"gz"}'), { query }, gzip)
  expect([good.status, good.text]).toEqual([200, ""])
  expect((await server.post("not gzip", { query }, gzip)).status).toBe(400)
  const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, " "))
  expect((await server.post(bomb, { query }, gzip)).status).toBe(413)
  expect(await stored("t")).toEqual([{ a: 1, s: "gz" }])
})

test("a body without a length is received whole", async () => {
  await table("t")
  const chunks = ['{"a":1,', '"s":"x"}\n{"a"', ':2,"s":"y"}']
  const stream = new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift()
      if (chunk === undefined) controller.close()
      else controller.enqueue(new TextEncoder().encode(chunk))
    }
  })
  const answer = await server.post(stream, {
    query: "INSERT INTO t FORMAT JSONEachRow"
  })
  expect([answer.status, answer.text]).toEqual([200, ""])
  expect(await stored("t")).toHaveLength(2)
})

test("a bad row refuses its insert with the engine's code", async () => {
  await table("t")
  const bad = await server.post('{"a":1}\n{"a":"x"}', {
    query: "INSERT INTO t FORMAT JSONEachRow"
  })
  expect([bad.status, bad.headers.get("x-clickhouse-exception-code")]).toEqual([
    400,
    "27"
  ])
  const none = await server.post("{}", { query: "INSERT INTO none FORMAT JSONEachRow" })
  expect([none.status, none.headers.get("x-clickhouse-exception-code")]).toEqual([
    404,
    "60"
  ])
  expect(await stored("t")).toEqual([])
})

test("an insert of many blocks arrives whole", async () => {
  await table("t")
  const values = Array.from({ length: 300_000 }, (_, a) => ({ a, s: `value ${a}` }))
  await server.client.insert({ table: "t", values, format: "JSONEachRow" })
  const [sum] = await server.rows<unknown>(
    "SELECT count() AS n, sum(a) AS a, uniqExact(s) AS s FROM t"
  )
  expect(sum).toEqual({ n: 300000, a: 44999850000, s: 300000 })
})
