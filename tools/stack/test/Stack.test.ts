import { afterEach, beforeEach, describe, expect, it } from "bun:test"
import { existsSync, readFileSync, statSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { freePortBase } from "@analytics/testing/stackPorts"
import { Effect } from "effect"
import { identify, isAlive } from "../src/Processes.ts"
import { runRecordPath, stackFilePath } from "../src/RunRecord.ts"
import { stop } from "../src/Stop.ts"
import { exitCode, RunningStack, until } from "./RunningStack.ts"

let stack: RunningStack
beforeEach(async () => {
  stack = new RunningStack(await freePortBase())
})
afterEach(() => stack.remove())

const pidOf = (pids: Readonly<Record<string, number>>, name: string): number => {
  const pid = pids[name]
  if (pid === undefined) throw new Error(`no pid of ${name}`)
  return pid
}

describe("the supervisor, over real processes", () => {
  it("publishes stack.json for its owner alone when all parts are ready", async () => {
    const child = stack.start()
    const { pids, services } = await stack.ready()
    expect(Object.keys(pids).sort()).toEqual(["store", "supervisor", "web"])
    expect(pids["supervisor"]).toBe(child.pid)
    const answer = await fetch(`${services["web"]}/readyz`)
    expect(await answer.json()).toEqual({ pid: pids["web"] })
    expect(statSync(stackFilePath(stack.data)).mode & 0o777).toBe(0o600)
  }, 30_000)

  it("writes every part's lines into one stream, behind its name", async () => {
    stack.start()
    await stack.ready()
    expect(stack.output).toMatch(/^store {10}\| listening on \d+$/mu)
    expect(stack.output).toMatch(/^web {12}\| listening on \d+$/mu)
    expect(stack.output).not.toContain("\u001b")
    expect(readFileSync(join(stack.data, "stack.log"), "utf8")).toContain(
      "web            | listening on"
    )
  }, 30_000)

  it("restarts a killed part and writes its new pid to stack.json", async () => {
    stack.start()
    const before = await stack.ready()
    const killed = pidOf(before.pids, "web")
    process.kill(killed, "SIGKILL")
    const after = await until("another pid", async () => {
      const { pids } = await stack.ready()
      return pids["web"] === killed ? undefined : pids
    })
    expect(after["store"]).toBe(pidOf(before.pids, "store"))
    await until("web answers again", () =>
      fetch(`${before.services["web"]}/readyz`).then(
        (answer) => (answer.ok ? true : undefined),
        () => undefined
      )
    )
    expect(stack.output).toContain("web was ended by SIGKILL; restarting in")
  }, 30_000)

  it("stops in reverse order on SIGINT and leaves nothing behind", async () => {
    const child = stack.start()
    await stack.ready()
    const record = stack.record()
    child.kill("SIGINT")
    await exitCode(child)
    await stack.allGone(record)
    expect(existsSync(stackFilePath(stack.data))).toBe(false)
    expect(existsSync(runRecordPath(stack.data))).toBe(false)
    const byes = [...stack.output.matchAll(/^(\w+) +\| bye$/gmu)].map((it) => it[1])
    expect(byes).toEqual(["web", "store"])
  }, 30_000)

  it("kills a part that does not end, with its children", async () => {
    const child = stack.start({ WEB_MODE: "stubborn", STORE_MODE: "parent" })
    const { pids } = await stack.ready()
    const children = await until("the store's child", () => {
      const text = Bun.spawnSync(["ps", "-o", "pid=", "--ppid", `${pids["store"]}`])
      return text.stdout.toString().trim() || undefined
    })
    const grandchild = identify(Number(children))
    if (grandchild === null) throw new Error("the store's child is gone")
    const record = stack.record()
    child.kill("SIGTERM")
    await exitCode(child)
    await stack.allGone(record)
    expect(isAlive(grandchild)).toBe(false)
  }, 30_000)

  it("names the part that holds up the start, with its last lines", async () => {
    const child = stack.start({ WEB_MODE: "crash" })
    expect(await exitCode(child)).toBe(1)
    expect(stack.output).toContain("web exited with code 3, 3 times in a row")
    expect(stack.output).toContain("  | no configuration found")
    expect(existsSync(stackFilePath(stack.data))).toBe(false)
  }, 30_000)

  it("names the port that is taken, who wants it, and the remedy", async () => {
    const server = createServer()
    await new Promise<void>((resolve) =>
      server.listen(stack.portBase, "127.0.0.1", () => resolve())
    )
    const child = stack.start()
    expect(await exitCode(child)).toBe(1)
    server.close()
    expect(stack.output).toContain(`${stack.portBase} for web`)
    expect(stack.output).toMatch(/STACK_PORT_BASE=\d+ make start/u)
    expect(existsSync(runRecordPath(stack.data))).toBe(false)
  }, 30_000)

  it("refuses a second stack on the same data", async () => {
    const first = stack.start()
    await stack.ready()
    const second = stack.start()
    expect(await exitCode(second)).toBe(1)
    expect(stack.output).toContain("A stack already runs")
    stack.supervisor = first
    expect((await stack.ready()).pids["supervisor"]).toBe(first.pid)
  }, 30_000)
})

describe("after kill -9 of the supervisor", () => {
  it("the watchdog ends every part", async () => {
    const child = stack.start({ STORE_MODE: "parent" })
    await stack.ready()
    const record = stack.record()
    child.kill("SIGKILL")
    await stack.allGone(record)
    expect(existsSync(stackFilePath(stack.data))).toBe(false)
  }, 30_000)

  it("stop ends what is left when the watchdog was killed too", async () => {
    const record = await orphan()
    expect(await Effect.runPromise(stop(stack.data))).toBe(true)
    await stack.allGone(record)
    expect(await Effect.runPromise(stop(stack.data))).toBe(false)
  }, 30_000)

  it("the next start ends what is left and takes over", async () => {
    const record = await orphan()
    stack.start()
    const { pids } = await until("a new stack.json", async () => {
      const now = await stack.ready()
      return now.pids["supervisor"] === record.supervisor.pid ? undefined : now
    })
    expect(record.parts.some(isAlive)).toBe(false)
    expect(pids["web"]).toBeGreaterThan(0)
    expect(stack.output).toContain("ended what it left: web, store")
  }, 30_000)

  const orphan = async () => {
    const child = stack.start()
    await stack.ready()
    const record = stack.record()
    if (record.watchdog === null) throw new Error("there is no watchdog")
    // Stopped, the supervisor cannot start another watchdog in between.
    child.kill("SIGSTOP")
    process.kill(record.watchdog.pid, "SIGKILL")
    child.kill("SIGKILL")
    await exitCode(child)
    expect(record.parts.every(isAlive)).toBe(true)
    return record
  }
})
