import { afterEach, expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Scope } from "effect"
import * as EmbeddedClickHouse from "../src/EmbeddedClickHouse.ts"
import { eventually } from "./startServer.ts"

const cleanups: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const directory = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), "embedded-clickhouse-"))
  cleanups.push(() => rm(path, { recursive: true, force: true }))
  return path
}

const start = async (dataDir: string, options = {}) => {
  const scope = Effect.runSync(Scope.make())
  const said: Array<string> = []
  const onLog = (line: string) => said.push(line)
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  cleanups.push(close)
  const running = await Effect.runPromise(
    Scope.provide(EmbeddedClickHouse.start({ dataDir, onLog, ...options }), scope)
  )
  const post = async (body: string, headers = {}, parameters = "") => {
    const url = `http://127.0.0.1:${running.port}/?${parameters}`
    const response = await fetch(url, { method: "POST", body, headers })
    return { status: response.status, text: await response.text() }
  }
  const stopped = () =>
    said.flatMap((line) => /^\{"event":"stopped".*/.exec(line) ?? [])
  return { ...running, close, post, stopped }
}

const exit = (running: EmbeddedClickHouse.Running) =>
  Effect.runPromise(running.exited.pipe(Effect.timeout("15 seconds")))

const runsAStatement = ({ port }: EmbeddedClickHouse.Running) =>
  eventually(async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    return metrics.includes("statements_running 1") ? true : undefined
  })

test("what was acknowledged survives kill -9", async () => {
  const path = await directory()
  const first = await start(path)
  await first.post("CREATE DATABASE d")
  await first.post("CREATE TABLE d.t (a UInt64) ENGINE = MergeTree ORDER BY a")
  expect((await first.post("INSERT INTO d.t VALUES (1), (2)")).status).toBe(200)
  process.kill(first.pid, "SIGKILL")
  expect(await exit(first)).toEqual({ code: null, signal: "SIGKILL" })
  const second = await start(path)
  expect((await second.post("SELECT sum(a) FROM d.t")).text).toBe("3\n")
})

test("a second process on the same directory is refused with the reason", async () => {
  const path = await directory()
  const first = await start(path)
  await expect(start(path)).rejects.toThrow(/another process has it open/)
  expect((await first.post("SELECT 1")).text).toBe("1\n")
})

test("a taken port is refused", async () => {
  const first = await start(await directory())
  await expect(start(await directory(), { port: first.port })).rejects.toThrow(
    /did not start/
  )
})

test("SIGTERM lets a running insert and query end, then exits with 0", async () => {
  const running = await start(await directory())
  const reading = running.post("SELECT sleepEachRow(0.5) FROM numbers(3) FORMAT Null")
  await runsAStatement(running)
  process.kill(running.pid, "SIGTERM")
  expect((await reading).status).toBe(200)
  expect(await exit(running)).toEqual({ code: 0, signal: null })
  expect(running.stopped()).toEqual(['{"event":"stopped","drained":true}'])
})

test("SIGTERM ends what would not end by itself", async () => {
  const running = await start(await directory())
  const reading = running.post("SELECT count() FROM numbers(1000000000000000)")
  await runsAStatement(running)
  process.kill(running.pid, "SIGTERM")
  expect(await exit(running)).toEqual({ code: 0, signal: null })
  expect((await reading).text).toContain("QUERY_WAS_CANCELLED")
  expect(running.stopped()).toEqual(['{"event":"stopped","drained":false}'])
}, 20_000)

test("a kept connection does not hold up the stop", async () => {
  const running = await start(await directory())
  await running.post("SELECT 1")
  await running.close()
  expect(running.stopped()).toEqual(['{"event":"stopped","drained":true}'])
})

test("credentials are required wherever a client puts them", async () => {
  const { post, url } = await start(await directory(), { password: "s3cret:/ä" })
  const basic = (text: string) => ({
    Authorization: `Basic ${Buffer.from(text).toString("base64")}`
  })
  expect((await post("SELECT 1")).status).toBe(403)
  expect((await post("SELECT 1", basic("default:wrong"))).status).toBe(403)
  expect((await post("SELECT 1", basic("other:s3cret:/ä"))).status).toBe(403)
  expect((await post("SELECT 1", basic("default:s3cret:/ä"))).status).toBe(200)
  const key = {
    "X-ClickHouse-User": "default",
    "X-ClickHouse-Key": encodeURIComponent("s3cret:/ä")
  }
  expect((await post("SELECT 1", key)).status).toBe(403)
  const query = new URLSearchParams({ user: "default", password: "s3cret:/ä" })
  expect((await post("SELECT 1", {}, `${query}`)).status).toBe(200)
  expect((await fetch(`${new URL(url).origin}/ping`)).status).toBe(200)
  expect(decodeURIComponent(new URL(url).password)).toBe("s3cret:/ä")
})

test("backups go only where they may", async () => {
  const path = await directory()
  const { post } = await start(join(path, "data"), { backups: join(path, "backups") })
  await post("CREATE DATABASE d")
  await post("CREATE TABLE d.t ENGINE = MergeTree ORDER BY a AS SELECT 1 AS a")
  const made = await post(`BACKUP DATABASE d TO File('${path}/backups/1')`)
  expect([made.status, made.text]).toMatchObject([200, expect.any(String)])
  await post("DROP DATABASE d SYNC")
  const restored = await post(`RESTORE DATABASE d FROM File('${path}/backups/1')`)
  expect(restored.status).toBe(200)
  expect((await post("SELECT count() FROM d.t")).text).toBe("1\n")
  expect((await post(`BACKUP DATABASE d TO File('${path}/other')`)).status).not.toBe(
    200
  )
})

test("a missing engine names the way out", async () => {
  const main = new URL("../src/main.ts", import.meta.url).pathname
  const child = Bun.spawn([process.execPath, main, `--path=${await directory()}`], {
    env: { ...process.env, CHDB_LIBCHDB_PATH: "/nowhere/libchdb.so" },
    stdout: "pipe"
  })
  const said = JSON.parse(await new Response(child.stdout).text())
  expect(said).toMatchObject({ event: "failed" })
  expect(said.message).toContain("CLICKHOUSE_URL")
  expect(await child.exited).toBe(1)
})
