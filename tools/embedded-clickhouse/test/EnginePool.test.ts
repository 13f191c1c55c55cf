import { afterEach, expect, test } from "bun:test"
import { Canceller } from "../src/Canceller.ts"
import { EnginePool } from "../src/EnginePool.ts"
import type { Job } from "../src/Job.ts"

const pools: Array<EnginePool> = []
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close()
})

const pool = (size: number, queue = 0, queueMs = 5_000): EnginePool => {
  const workerUrl = new URL("./scripted-worker.ts", import.meta.url)
  const created = new EnginePool({ workerUrl, size, queue, queueMs })
  pools.push(created)
  return created
}

/** The scripted worker does what the statement says. */
const job = (sql: "answer" | "hang" | "die" | "throw" | "wait"): Job => ({
  kind: "query",
  connect: [],
  prologue: "",
  sql,
  format: "TSV",
  readonly: false
})

test("a thread that dies fails its statement and is replaced", async () => {
  const threads = pool(1)
  for (const end of ["die", "throw"] as const) {
    const execution = await threads.start(job(end))
    await expect(execution.next()).rejects.toThrow(/Engine thread/)
    const next = await threads.start(job("answer"))
    expect(new TextDecoder().decode(await next.next())).toBe("answered")
    await next.settled
  }
})

test("a full queue refuses with the code for it", async () => {
  const threads = pool(1, 1)
  const first = await threads.start(job("wait"))
  const second = threads.start(job("answer"))
  await expect(threads.start(job("answer"))).rejects.toMatchObject({ code: 202 })
  first.cancel()
  await expect(first.next()).rejects.toMatchObject({ code: 394 })
  expect(new TextDecoder().decode(await (await second).next())).toBe("answered")
})

test("waiting for a thread ends", async () => {
  const threads = pool(1, 5, 50)
  await threads.start(job("hang"))
  await expect(threads.start(job("answer"))).rejects.toMatchObject({ code: 202 })
})

test("a client that leaves the queue makes room in it", async () => {
  const threads = pool(1, 1)
  await threads.start(job("hang"))
  const controller = new AbortController()
  const waiting = threads.start(job("answer"), controller.signal)
  controller.abort()
  await expect(waiting).rejects.toMatchObject({ code: 394 })
  expect(threads.waiting).toBe(0)
})

test("a thread that hangs is given up when its statement is cancelled", async () => {
  const threads = pool(1)
  const abandoned: Array<number> = []
  const canceller = new Canceller(pool(1), {
    connect: [],
    graceMs: 100,
    onAbandoned: (count) => abandoned.push(count)
  })
  const execution = await threads.start(job("hang"))
  await canceller.cancel(execution, "id")
  await expect(execution.next()).rejects.toThrow("did not stop")
  expect(abandoned).toEqual([1])
  const next = await threads.start(job("answer"))
  expect(new TextDecoder().decode(await next.next())).toBe("answered")
})

test("closing fails those that wait and those that run", async () => {
  const threads = pool(1, 1)
  const running = await threads.start(job("hang"))
  const waiting = threads.start(job("answer"))
  threads.close()
  await expect(running.next()).rejects.toThrow("stops")
  await expect(waiting).rejects.toMatchObject({ code: 202 })
})
