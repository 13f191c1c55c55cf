import { afterEach, beforeEach, expect, it } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freePortBase } from "@analytics/testing/stackPorts"
import { Effect, Fiber, Option } from "effect"
import { isAlive } from "../src/Processes.ts"
import { readRunRecord } from "../src/RunRecord.ts"
import { readStackFile, type StackFile } from "../src/StackFile.ts"
import { start } from "../src/Start.ts"
import { until } from "./RunningStack.ts"

const names = ["STACK_DATA", "STACK_PORT_BASE", "DATABASE_URL", "CLICKHOUSE_URL"]
const before = new Map(names.map((name) => [name, process.env[name]]))
let folder: string
let data: string
let portBase: number

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "analytics-stack-"))
  // As in a new clone: nobody has made it.
  data = join(folder, "data")
  portBase = await freePortBase()
  process.env["STACK_DATA"] = data
  process.env["STACK_PORT_BASE"] = String(portBase)
  for (const name of ["DATABASE_URL", "CLICKHOUSE_URL"]) delete process.env[name]
})
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  rmSync(folder, { recursive: true, force: true })
})

const stackFile = async (): Promise<StackFile | undefined> =>
  Option.getOrUndefined(await Effect.runPromise(readStackFile(data)))

const ask = (stack: StackFile) => {
  const { host, password, username } = new URL(stack.clickhouse)
  return fetch(`http://${host}/?query=SELECT+count()+FROM+analytics.events`, {
    headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` }
  }).then(
    async (answer) => (answer.ok ? (await answer.text()).trim() : undefined),
    () => undefined
  )
}

it("brings killed stores back on their ports, and leaves nothing when it stops", async () => {
  const fiber = Effect.runFork(
    start({ only: ["migrate"], demo: false, terminal: false })
  )
  const first = await until("stack.json", stackFile, 60)
  expect(Object.keys(first.pids).sort()).toEqual([
    "clickhouse",
    "postgres",
    "supervisor"
  ])
  expect(new URL(first.postgres).port).toBe(String(portBase + 32))
  expect(await ask(first)).toBe("0")

  const { clickhouse, postgres } = first.pids
  if (clickhouse === undefined || postgres === undefined) throw new Error("no pids")
  process.kill(postgres, "SIGKILL")
  process.kill(clickhouse, "SIGKILL")
  const second = await until(
    "new pids in stack.json",
    async () => {
      const now = await stackFile()
      const replaced =
        now?.pids["postgres"] !== postgres && now?.pids["clickhouse"] !== clickhouse
      return replaced ? now : undefined
    },
    30
  )
  expect(second.postgres).toBe(first.postgres)
  expect(await until("ClickHouse answers again", () => ask(second), 30)).toBe("0")
  await using sql = new Bun.SQL(second.postgres, { max: 1 })
  const rows = await until(
    "Postgres answers again",
    () => sql`SELECT count(*)::int AS n FROM control.projects`.catch(() => undefined),
    30
  )
  expect(rows[0].n).toBe(0)
  await sql.close()

  const record = readRunRecord(data)
  if (record === null) throw new Error("no run.json")
  await Effect.runPromise(Fiber.interrupt(fiber))
  expect(record.parts.filter(isAlive)).toEqual([])
  expect(await stackFile()).toBeUndefined()
}, 120_000)

it("does not start anything when a port is taken", async () => {
  const server = createServer()
  await new Promise<void>((resolve) =>
    server.listen(portBase + 23, "127.0.0.1", () => resolve())
  )
  const error = await Effect.runPromise(
    Effect.flip(start({ only: ["clickhouse"], demo: false, terminal: false }))
  )
  server.close()
  expect(error.message).toContain(`${portBase + 23} for clickhouse`)
})

it("names the parts there are when asked for another", async () => {
  const error = await Effect.runPromise(
    Effect.flip(start({ only: ["kafka"], demo: false, terminal: false }))
  )
  expect(error.message).toContain("There is no part kafka")
  expect(error.message).toContain("data-ingestion")
})
