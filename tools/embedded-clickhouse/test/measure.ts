import { readdir, readFile } from "node:fs/promises"
import { createClient } from "@clickhouse/client"
import { startServer } from "./startServer.ts"

/** Prints insert rates and small query latency of this machine, for the README. */

const migrations = new URL("../../../migrations/clickhouse/", import.meta.url)
const server = await startServer()

const createEvents = async (): Promise<void> => {
  const name = (await readdir(migrations)).find((file) => file.endsWith("_events.sql"))
  const sql = await readFile(new URL(name ?? "", migrations), "utf8")
  const [up = ""] = sql.split("-- migrate:down")
  for (const statement of up.split(/;\s*$/m)) {
    if (/CREATE/.test(statement)) await server.command(statement)
  }
}

const row = (index: number, batch: number) => ({
  project_id: 1 + (index % 3),
  event: ["Page Viewed", "Product Added", "Order Completed"][index % 3],
  type: "track",
  timestamp: new Date(1.79e12 - (index % 86_400) * 1000).toISOString().slice(0, -1),
  received_at: new Date(1.79e12).toISOString().slice(0, -1),
  known_at: new Date(1.79e12).toISOString().slice(0, -1),
  message_id: `${batch}-${index}-4f0c9e0e-6a7b-4d8d`,
  user_id: `user-${index % 5000}`,
  anonymous_id: `anon-${index % 20_000}-0b1f`,
  id_hash: String(BigInt.asUintN(64, BigInt(index % 5000) * 0x9e3779b97f4a7c1n)),
  browser: "Chrome",
  os: "Windows",
  device: "desktop",
  country: "NL",
  path: `/product/${index % 700}`,
  props: { price: String(index % 900), currency: '"EUR"', sku: `"sku-${index % 700}"` },
  context: { locale: '"en-GB"', library: '"analytics-node"' },
  batch_id: String(batch)
})

const rate = async (rows: number, clients: number): Promise<string> => {
  const rounds = rows >= 100_000 ? 4 : 16
  const body = Buffer.from(
    Array.from({ length: rows }, (_, index) => JSON.stringify(row(index, rows))).join(
      "\n"
    )
  )
  const query = new URLSearchParams({ query: "INSERT INTO events FORMAT JSONEachRow" })
  const insert = async (): Promise<void> => {
    const answer = await fetch(`${server.origin}/?${query}`, { method: "POST", body })
    if (!answer.ok) throw new Error(await answer.text())
  }
  await server.command("TRUNCATE TABLE events")
  await insert()
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: clients }, async () => {
      for (let round = 0; round < rounds; round++) await insert()
    })
  )
  const seconds = (performance.now() - startedAt) / 1000
  const perSecond = (rows * rounds * clients) / seconds
  const megabytes = ((body.length / rows) * perSecond) / 1e6
  return `${Math.round(perSecond / 1000)}k rows/s, ${Math.round(megabytes)} MB/s`
}

const latency = async (
  query: string,
  format: "JSON" | "JSONEachRow"
): Promise<string> => {
  const client = createClient({ url: server.url })
  const times: Array<number> = []
  for (let round = 0; round < 600; round++) {
    const startedAt = performance.now()
    await (await client.query({ query, format })).json()
    if (round >= 100) times.push(performance.now() - startedAt)
  }
  await client.close()
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)]?.toFixed(2)
  return `p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`
}

const lines = async function* () {
  await createEvents()
  yield `SELECT 1 as JSONEachRow: ${await latency("SELECT 1", "JSONEachRow")}`
  yield `SELECT 1 as JSON: ${await latency("SELECT 1", "JSON")}`
  for (const rows of [10_000, 100_000]) {
    for (const clients of [1, 4]) {
      yield `${rows} rows, ${clients} clients: ${await rate(rows, clients)}`
    }
  }
  const metrics = await (await fetch(`${server.origin}/metrics`)).text()
  const bytes = Number(/resident_bytes (\d+)/.exec(metrics)?.[1])
  yield `resident memory after it: ${Math.round(bytes / 1e6)} MB`
}

for await (const line of lines()) process.stdout.write(`${line}\n`)
await server.stop()
