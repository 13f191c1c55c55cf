import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { startServer, type TestServer } from "./startServer.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer({ durable: false })
})
afterAll(() => server.stop())

describe("the official client", () => {
  test("pings, also through a query", async () => {
    expect((await server.client.ping()).success).toBe(true)
    expect((await server.client.ping({ select: true })).success).toBe(true)
  })

  test("passes values as parameters, in the URL and as a form", async () => {
    const text = "quote ' backslash \\ tab \t line \n {x:String} -- ; é \u0000 \\N"
    for (const use_multipart_params of [false, true]) {
      const result = await server.client.query({
        query:
          "SELECT {s:String} AS s, {n:UInt64} + 1 AS n, {l:Array(String)} AS l, {t:DateTime64(3,'UTC')} AS t",
        query_params: { s: text, n: 41, l: ["a'", "b"], t: "2026-01-02 03:04:05.678" },
        format: "JSONEachRow",
        use_multipart_params
      })
      expect(await result.json<unknown>()).toEqual([
        { s: text, n: 42, l: ["a'", "b"], t: "2026-01-02 03:04:05.678" }
      ])
    }
  })

  test.each([
    ["JSON", '"n": 1'],
    ["JSONCompact", "1"],
    ["JSONEachRow", '{"n":1,"s":"a"}'],
    ["JSONCompactEachRow", '[1, "a"]'],
    ["CSV", '1,"a"'],
    ["CSVWithNames", '"n","s"\n1,"a"'],
    ["TabSeparated", "1\ta"],
    ["TabSeparatedWithNames", "n\ts\n1\ta"],
    ["Parquet", "PAR1"],
    ["Native", "UInt8"]
  ] as const)("reads %s", async (format, part) => {
    const response = await server.post(`SELECT 1 AS n, 'a' AS s FORMAT ${format}`)
    expect(response.text).toContain(part)
    expect(response.headers.get("x-clickhouse-format")).toBe(format)
  })

  test("gets JSON documents whole, however large", async () => {
    const result = await server.client.query({
      query: "SELECT number FROM numbers(200000)",
      format: "JSON"
    })
    const { data, rows } = await result.json<{ number: string }>()
    expect([data.length, rows]).toEqual([200000, 200000])
  })

  test("streams rows, compressed too", async () => {
    for (const enable_http_compression of [0, 1] as const) {
      const result = await server.client.query({
        query: "SELECT number, toString(number) AS s FROM numbers(500000)",
        format: "JSONEachRow",
        clickhouse_settings: { enable_http_compression }
      })
      let sum = 0
      for await (const rows of result.stream<{ number: number }>()) {
        for (const row of rows) sum += Number(row.json<{ number: number }>().number)
      }
      expect(sum).toBe((499999 * 500000) / 2)
    }
  })

  test("sees an error that comes after the first rows", async () => {
    const result = await server.client.query({
      query: "SELECT throwIf(number = 400000, 'late') FROM numbers(1000000)",
      format: "JSONEachRow"
    })
    const read = async () => {
      for await (const _ of result.stream());
    }
    await expect(read()).rejects.toThrow("late")
  })

  test("gets the same error as a status when it waits for the end", async () => {
    const answer = await server.post(
      "SELECT throwIf(number = 400000, 'late') FROM numbers(1000000) FORMAT JSONEachRow",
      { wait_end_of_query: "1" }
    )
    expect([answer.status, answer.headers.get("x-clickhouse-exception-code")]).toEqual([
      500,
      "395"
    ])
  })
})

test("answers name the query, the time zone and what was read", async () => {
  const { headers } = await server.post(
    "SELECT sum(number) FROM numbers(100) FORMAT JSON",
    {
      query_id: "my-id"
    }
  )
  expect(headers.get("x-clickhouse-query-id")).toBe("my-id")
  expect(headers.get("x-clickhouse-timezone")).toContain("UTC")
  expect(JSON.parse(headers.get("x-clickhouse-summary") ?? "")).toMatchObject({
    read_rows: "100"
  })
})

test("parameters in the URL may be long", async () => {
  const { text } = await server.post("SELECT length({s:String})", {
    param_s: "x".repeat(900_000)
  })
  expect(text).toBe("900000\n")
})

test("a CREATE DATABASE without an engine is Atomic", async () => {
  await server.command("CREATE DATABASE plain")
  expect(
    await server.rows<unknown>(
      "SELECT engine FROM system.databases WHERE name = 'plain'"
    )
  ).toEqual([{ engine: "Atomic" }])
  const there = await server.post("SELECT currentDatabase()", { database: "plain" })
  expect(there.text).toBe("plain\n")
})

test("settings of one request are not those of the next", async () => {
  const ask = (parameters = {}) =>
    server.post("SELECT getSetting('max_block_size')", parameters)
  const usual = (await ask()).text
  expect((await ask({ max_block_size: "77" })).text).toBe("77\n")
  expect((await ask()).text).toBe(usual)
})

test.each([
  ["selec", 400, "62"],
  ["", 400, "62"],
  ["-- only a comment", 400, "62"],
  ["SELECT a FROM none", 404, "60"],
  ["SELECT nofunction(1)", 404, "46"],
  ["SELECT nocolumn", 404, "47"],
  ["SELECT toUInt8('x')", 400, "6"],
  ["SELECT {p:UInt8}", 500, "456"]
])("%s has the status of a real server", async (sql, status, code) => {
  const answer = await server.post(sql)
  expect([answer.status, answer.headers.get("x-clickhouse-exception-code")]).toEqual([
    status,
    code
  ])
  expect(answer.text).toMatch(/^Code: \d+\. DB::Exception: .*\([A-Z_]+\) \(version /s)
})

test("limits of a request hold", async () => {
  const slow = "SELECT count() FROM numbers(1000000000000)"
  expect((await server.post(slow, { max_execution_time: "1" })).status).toBe(408)
  const large = await server.post("SELECT uniqExact(number) FROM numbers(10000000)", {
    max_memory_usage: "1000000"
  })
  expect(large.headers.get("x-clickhouse-exception-code")).toBe("241")
  const threads = await server.post("SELECT getSetting('max_threads')", {
    max_threads: "1"
  })
  expect(threads.text).toBe("1\n")
})

test("an analysis that takes long does not hold up others", async () => {
  const ended: Array<string> = []
  const slow = server
    .post("SELECT (SELECT sleepEachRow(1) FROM numbers(3)) FORMAT JSONEachRow")
    .then(() => ended.push("slow"))
  await server.post("SELECT 1").then(() => ended.push("quick"))
  await slow
  expect(ended).toEqual(["quick", "slow"])
})
