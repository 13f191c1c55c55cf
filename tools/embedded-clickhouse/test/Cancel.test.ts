import { afterAll, beforeAll, expect, test } from "bun:test"
import { eventually, startServer, type TestServer } from "./startServer.ts"

let server: TestServer
beforeAll(async () => {
  server = await startServer({ durable: false })
  await server.command(
    `CREATE TABLE slow (a UInt64, s UInt8 MATERIALIZED sleepEachRow(0.5))
     ENGINE = MergeTree ORDER BY a`
  )
})
afterAll(() => server.stop())

/** Works the same on a ClickHouse server, where query_id alone would do. */
const running = (id: string) =>
  server.rows<{ elapsed: number }>(
    `SELECT elapsed FROM system.processes WHERE Settings['log_comment'] = '${id}'`
  )
const appears = (id: string) => eventually(async () => (await running(id))[0])
const disappears = (id: string) =>
  eventually(async () => ((await running(id)).length === 0 ? true : undefined))

const endless = "SELECT count() FROM numbers(1000000000000000) FORMAT "
/** Thirty seconds of work, were it not stopped. */
const slowInsert = (id: string, signal?: AbortSignal) =>
  fetch(
    `${server.origin}/?${new URLSearchParams({
      query: "INSERT INTO slow (a) FORMAT JSONEachRow",
      query_id: id,
      log_comment: id,
      function_sleep_max_microseconds_per_block: "60000000"
    })}`,
    {
      method: "POST",
      body: Array.from({ length: 60 }, (_, a) => `{"a":${a}}`).join("\n"),
      ...(signal ? { signal } : {})
    }
  )

test.each(["JSON", "JSONEachRow"])(
  "KILL by log_comment ends a read as %s",
  async (format) => {
    const id = `read-${format}`
    const reading = server.post(endless + format, { query_id: id, log_comment: id })
    await appears(id)
    await server.command(`KILL QUERY WHERE Settings['log_comment'] = '${id}' ASYNC`)
    expect((await reading).headers.get("x-clickhouse-exception-code")).toBe("394")
    expect(await running(id)).toEqual([])
  }
)

test("KILL by log_comment ends an insert, which then stored nothing", async () => {
  const inserting = slowInsert("insert-1")
  await appears("insert-1")
  await server.command("KILL QUERY WHERE Settings['log_comment'] = 'insert-1' SYNC")
  const answer = await inserting
  expect(answer.headers.get("x-clickhouse-exception-code")).toBe("394")
  await disappears("insert-1")
  expect(await server.rows<unknown>("SELECT count() AS n FROM slow")).toEqual([
    { n: 0 }
  ])
})

test.each([
  ["Settings['log_comment'] = {id:String} ASYNC", { param_id: "not-yet" }],
  ["Settings['log_comment'] = 'not-yet'", {}],
  ["query_id = 'not-yet' SYNC", {}]
])(
  "KILL … WHERE %s stops an insert that is still arriving",
  async (where, parameters) => {
    const { promise: rest, resolve: send } = Promise.withResolvers<void>()
    const parts = ['{"a":1}\n', '{"a":2}\n']
    const body = new ReadableStream({
      async pull(controller) {
        if (parts.length === 1) await rest
        const part = parts.shift()
        if (part === undefined) controller.close()
        else controller.enqueue(new TextEncoder().encode(part))
      }
    })
    const before = await server.rows<unknown>("SELECT count() AS n FROM slow")
    const inserting = server.post(body, {
      query: "INSERT INTO slow (a) FORMAT JSONEachRow",
      query_id: "not-yet",
      log_comment: "not-yet"
    })
    await eventually(async () => {
      const metrics = await (await fetch(`${server.origin}/metrics`)).text()
      return /requests_in_flight 1\n/.test(metrics) ? true : undefined
    })
    await server.post(`KILL QUERY WHERE ${where}`, parameters)
    send()
    expect((await inserting).headers.get("x-clickhouse-exception-code")).toBe("394")
    expect(await server.rows<unknown>("SELECT count() AS n FROM slow")).toEqual(before)
  }
)

test("KILL by any other condition is the engine's", async () => {
  const id = "kept-running"
  const reading = server.post(`${endless}TSV`, { query_id: id, log_comment: id })
  await appears(id)
  await server.command(`KILL QUERY WHERE query_id != '${id}' AND 0`)
  await server.command(`KILL QUERY WHERE query_id = '${id}' AND 0`)
  expect(await running(id)).toHaveLength(1)
  await server.command(`KILL QUERY WHERE query_id = '${id}'`)
  expect((await reading).headers.get("x-clickhouse-exception-code")).toBe("394")
})

test("a query_id alone is the log_comment", async () => {
  const reading = server.post(`${endless}TSV`, { query_id: "only-id" })
  await appears("only-id")
  await server.command("KILL QUERY WHERE Settings['log_comment'] = 'only-id'")
  await reading
})

test.each(["JSON", "JSONEachRow"])(
  "a client that leaves ends its read as %s",
  async (format) => {
    const id = `left-${format}`
    const controller = new AbortController()
    const reading = server.client.query({
      query: "SELECT count() FROM numbers(1000000000000000)",
      format: format as "JSON",
      query_id: id,
      abort_signal: controller.signal
    })
    await appears(id)
    controller.abort()
    await expect(reading).rejects.toThrow("abort")
    await disappears(id)
  }
)

test("a client that leaves ends its insert", async () => {
  const controller = new AbortController()
  const inserting = slowInsert("left-insert", controller.signal)
  await appears("left-insert")
  controller.abort()
  await expect(inserting).rejects.toThrow("abort")
  await disappears("left-insert")
  expect(await server.rows<unknown>("SELECT count() AS n FROM slow")).toEqual([
    { n: 0 }
  ])
})

test("a client that stops reading a stream ends it, and holds little memory", async () => {
  const id = "half-read"
  const query = new URLSearchParams({
    query: "SELECT number, repeat('x', 100) FROM numbers(100000000000) FORMAT TSV",
    query_id: id
  })
  const before = await residentBytes()
  const response = await fetch(`${server.origin}/?${query}`)
  const reader = response.body?.getReader()
  await reader?.read()
  await appears(id)
  // The engine waits for the reader: neither ends nor gathers results.
  await stalls(id)
  expect(await running(id)).toHaveLength(1)
  expect((await residentBytes()) - before).toBeLessThan(400 * 1024 * 1024)
  await reader?.cancel()
  await disappears(id)
})

/** Until three looks in a row find that it has read no more. */
const stalls = (id: string) => {
  const seen: Array<string> = []
  return eventually(async () => {
    const [now] = await server.rows<{ read: string }>(
      `SELECT toString(read_rows) AS read FROM system.processes
        WHERE Settings['log_comment'] = '${id}'`
    )
    seen.push(now?.read ?? "ended")
    await Bun.sleep(50)
    return new Set(seen.slice(-3)).size === 1 && seen.length >= 3 ? true : undefined
  })
}

const residentBytes = async (): Promise<number> => {
  const metrics = await (await fetch(`${server.origin}/metrics`)).text()
  return Number(/resident_bytes (\d+)/.exec(metrics)?.[1])
}

test("two requests with one log_comment are stopped one by one", async () => {
  const controller = new AbortController()
  const parameters = { log_comment: "shared" }
  const leaving = fetch(
    `${server.origin}/?${new URLSearchParams({ ...parameters, query: `${endless}JSON` })}`,
    { signal: controller.signal }
  )
  const staying = server.post(`${endless}JSON`, parameters)
  await eventually(async () =>
    (await running("shared")).length === 2 ? true : undefined
  )
  controller.abort()
  await expect(leaving).rejects.toThrow("abort")
  await eventually(async () =>
    (await running("shared")).length === 1 ? true : undefined
  )
  await server.command("KILL QUERY WHERE Settings['log_comment'] = 'shared'")
  await staying
})
