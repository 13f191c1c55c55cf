import { afterAll, beforeAll, expect, test } from "bun:test"
import { createClient } from "@clickhouse/client"
import { eventually } from "./startServer.ts"

const main = new URL("../src/main.ts", import.meta.url).pathname
let stop: () => Promise<unknown>
let origin: string

beforeAll(async () => {
  const { mkdtemp, rm } = await import("node:fs/promises")
  const path = await mkdtemp("/tmp/embedded-clickhouse-")
  const child = Bun.spawn(
    [process.execPath, main, `--path=${path}`, "--port=0", "--queries=2", "--queue=1"],
    { stdout: "pipe", env: { ...process.env, EMBEDDED_CLICKHOUSE_MAX_BODY: "100000" } }
  )
  const { value } = await child.stdout.getReader().read()
  origin = JSON.parse(new TextDecoder().decode(value)).url
  stop = async () => {
    child.kill("SIGTERM")
    await child.exited
    await rm(path, { recursive: true })
  }
})
afterAll(() => stop())

const post = (body: string | Uint8Array<ArrayBuffer>, query = "") =>
  fetch(`${origin}/?${query}`, { method: "POST", body })

test("statements beyond threads and queue are refused with 503 and code 202", async () => {
  const endless = "SELECT count() FROM numbers(1000000000000000)"
  const running = [1, 2, 3].map(() => post(endless, "log_comment=busy"))
  await eventually(async () => {
    const metrics = await (await fetch(`${origin}/metrics`)).text()
    return metrics.includes("queries_waiting 1") ? true : undefined
  })
  const refused = await post("SELECT 1")
  expect(refused.status).toBe(503)
  expect(refused.headers.get("x-clickhouse-exception-code")).toBe("202")
  // What the official client makes of it:
  const client = createClient({ url: origin, log: { level: 127 } })
  await expect(client.query({ query: "SELECT 1" })).rejects.toMatchObject({
    code: "202"
  })
  await client.close()
  // Inserts and kills still get through.
  expect((await post("INSERT INTO FUNCTION null('a UInt8') VALUES (1)")).status).toBe(
    200
  )
  for (let left = 3; left > 0; left -= 2) {
    await eventually(async () => {
      await post("KILL QUERY WHERE Settings['log_comment'] = 'busy' ASYNC")
      const metrics = await (await fetch(`${origin}/metrics`)).text()
      return metrics.includes("statements_running 0") ? true : undefined
    })
  }
  for (const answer of await Promise.all(running)) {
    expect(answer.headers.get("x-clickhouse-exception-code")).toBe("394")
  }
})

test("a body above the cap is refused, and memory for bodies is given back", async () => {
  const body = new Uint8Array(100_001)
  const refused = await post(body, "query=INSERT+INTO+t+FORMAT+RowBinary")
  expect(refused.status).toBe(413)
  expect(refused.headers.get("x-clickhouse-exception-code")).toBe("307")
  const metrics = await (await fetch(`${origin}/metrics`)).text()
  expect(metrics).toContain("embedded_clickhouse_body_bytes 0\n")
})

test("unknown paths and methods are refused", async () => {
  expect((await fetch(`${origin}/nothing`)).status).toBe(404)
  expect((await fetch(origin, { method: "DELETE" })).status).toBe(405)
  expect(await (await fetch(`${origin}/ping`)).text()).toBe("Ok.\n")
})
