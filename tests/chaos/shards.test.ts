import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { join } from "node:path"
import { makeClient } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { signal, storedIds } from "./Kills.ts"
import { environmentOf, type Sibling, startSibling } from "./Sibling.ts"

const long = process.env["TEST_LONG"] === "1"
const root = join(import.meta.dir, "../..")
const LOADER = "services/data-ingestion/src/loader.ts"
const RECEIVER = "services/data-ingestion/src/main.ts"
/** The shards there are to be, one after the other, and kills of loaders at each. */
const COURSE = [4, 2, 3, 4, 1, 4]
const KILLS = 6

let stack: RunningStack
const siblings: Array<Sibling> = []

beforeAll(async () => {
  if (!long) return
  stack = await startStack()
  siblings.push(
    await startSibling(stack, "data-ingestion", RECEIVER, {
      STATE_DIR: join(stack.data, "second")
    }),
    await startSibling(stack, "loader", LOADER),
    await startSibling(stack, "loader", LOADER)
  )
}, 240_000)

afterAll(async () => {
  for (const sibling of siblings) await sibling.stop()
  await stack?.stop()
}, 60_000)

const divide = async (count: number) => {
  const file = join(stack.data, "stack.json")
  const child = Bun.spawn(
    ["bun", "tools/cli/src/main.ts", "shards", String(count), "--stack", file],
    { cwd: root, stdout: "pipe", stderr: "pipe" }
  )
  const text = await new Response(child.stdout).text()
  if ((await child.exited) !== 0)
    throw new Error(`${text}${await new Response(child.stderr).text()}`)
  return text
}

/** A query of ClickHouse that answers one number. */
const countOf = async (query: string): Promise<number> => {
  const url = new URL((await stack.file()).clickhouse)
  const params = new URLSearchParams({ query, database: url.pathname.slice(1) })
  const response = await fetch(`${url.origin}/?${params}`, {
    headers: { authorization: `Basic ${btoa(`${url.username}:${url.password}`)}` }
  })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return Number(text)
}

describe.if(long)("loaders that share shards", () => {
  it("store everything once while they are killed and shards move", async () => {
    const client = await makeClient(stack)
    const project = await client.createProject("shards")
    const { SERVICE_KEY = "" } = await environmentOf(stack, "data-ingestion")
    const [second, ...loaders] = siblings
    const receivers = [client.ingestion, second?.url ?? client.ingestion]
    const acknowledged = new Set<string>()
    const history: Array<ReadonlyArray<{ readonly messageId: string }>> = []
    let running = true
    let resent = 0

    const deliver = async (
      batch: ReadonlyArray<{ readonly messageId: string }>,
      first: number
    ) => {
      for (let attempt = 0; attempt < 600; attempt++) {
        const url = receivers[(first + attempt) % 2]
        const { status } = await client
          .call("POST", `${url}/v1/batch`, project.writeKey, { batch })
          .catch(() => ({ status: 0 }))
        if (status === 200) {
          for (const { messageId } of batch) acknowledged.add(messageId)
          return
        }
        await Bun.sleep(50)
      }
      throw new Error("a batch was refused 600 times")
    }
    const worker = async (id: number) => {
      for (let n = 0; running; n++) {
        const batch = Array.from({ length: 20 }, (_, i) => ({
          type: "track",
          event: "load",
          userId: `u${(n * 20 + i) % 97}`,
          anonymousId: `a${(n * 20 + i) % 31}`,
          messageId: `${id}-${n}-${i}`
        }))
        await deliver(batch, n)
        history.push(batch)
        // One of long ago through the other process, whose shard may have moved since.
        const old = history[Math.floor(Math.random() * history.length)]
        if (old !== undefined) {
          resent++
          await deliver(old, n + 1)
        }
      }
    }
    const workers = Promise.all(Array.from({ length: 6 }, (_, id) => worker(id)))

    /** How many events each watermark covered when it was told. */
    const told: Array<{ readonly watermark: string; readonly events: number }> = []
    const below = (watermark: string) =>
      countOf(
        `SELECT count() FROM events WHERE known_at <= parseDateTime64BestEffort('${watermark}', 3, 'UTC')`
      )
    const watch = (async () => {
      while (running) {
        const { body } = await client
          .call("GET", `${client.ingestion}/internal/v1/watermark`, SERVICE_KEY)
          .catch(() => ({ body: null }))
        const watermark =
          typeof body === "object" && body !== null && "watermark" in body
            ? String(body.watermark)
            : undefined
        if (watermark !== undefined)
          told.push({ watermark, events: await below(watermark) })
        await Bun.sleep(300)
      }
    })()

    let kills = 0
    for (const count of COURSE) {
      await divide(count)
      for (let n = 0; n < KILLS; n++) {
        await Bun.sleep(300 + Math.random() * 1500)
        const victim = Math.floor(Math.random() * 3)
        if (victim === 2) await signal(stack, "loader", "SIGKILL")
        else await loaders[victim]?.kill()
        kills++
      }
    }
    running = false
    await Promise.all([workers, watch])
    const accounting = await client.settled(project, 120_000)
    const stored = await storedIds(await stack.file(), project)
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([])
    expect([...stored].filter(([, count]) => count !== 1)).toEqual([])
    expect(accounting.balanced).toBe(true)
    expect(accounting.stored).toBe(stored.size)
    for (const { events, watermark } of told)
      expect({ watermark, events: await below(watermark) }).toEqual({
        watermark,
        events
      })
    process.stdout.write(
      `${JSON.stringify({ kills, acknowledged: acknowledged.size, resent: resent * 20, duplicates: accounting.duplicate, watermarks: told.length })}\n${await divide(4)}\n`
    )
  }, 900_000)
})
