import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { makeClient } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import { killAndWait, signal, startLoad, storedIds } from "./Kills.ts"
import { hasKcat, type MockKafka, startMockKafka } from "./MockKafka.ts"

const long = process.env["TEST_LONG"] === "1"
if (long && !hasKcat)
  process.stdout.write("no Kafka to test with: install kcat (apt-get install kcat)\n")

const VICTIMS = ["data-ingestion", "loader", "postgres"] as const
const ROUNDS = 12

let kafka: MockKafka
let stack: RunningStack

beforeAll(async () => {
  if (!long || !hasKcat) return
  kafka = await startMockKafka()
  stack = await startStack({ INGEST_LOG: "kafka", KAFKA_BROKERS: kafka.brokers })
}, 240_000)

afterAll(async () => {
  await stack?.stop()
  kafka?.stop()
}, 60_000)

/** All processes of Postgres, which has no switch to be away for a while. */
const signalPostgres = async (name: NodeJS.Signals) => {
  const parent = (await stack.file()).pids["postgres"] ?? 0
  const found = Bun.spawnSync(["pgrep", "-P", String(parent)]).stdout.toString()
  for (const pid of [parent, ...found.split("\n").filter(Boolean).map(Number)])
    try {
      process.kill(pid, name)
    } catch {
      // A backend that ended meanwhile.
    }
}

describe.if(long && hasKcat)("a topic of Kafka before the inbox", () => {
  it("acknowledges without Postgres, and everything is stored once", async () => {
    const client = await makeClient(stack)
    const { adminKey } = await stack.file()
    const project = await client.createProject("kafka")
    const load = startLoad(client, project, { clients: 6, batch: 20, seed: "k" })
    const until = async (more: number) => {
      const before = load.acknowledged.size
      const end = Date.now() + 60_000
      while (load.acknowledged.size < before + more) {
        if (Date.now() > end) throw new Error("nothing is acknowledged any more")
        await Bun.sleep(5)
      }
    }
    await until(200)

    await signalPostgres("SIGSTOP")
    const before = load.acknowledged.size
    await Bun.sleep(8000)
    const without = load.acknowledged.size - before
    await signalPostgres("SIGCONT")
    expect(without).toBeGreaterThan(1000)

    kafka.signal("SIGSTOP")
    await Bun.sleep(15_000)
    const refused = load.acknowledged.size
    await Bun.sleep(3000)
    expect(load.acknowledged.size).toBe(refused)
    kafka.signal("SIGCONT")
    await until(200)

    for (let round = 0; round < ROUNDS; round++) {
      await until(200)
      await Bun.sleep(Math.random() * 300)
      await killAndWait(stack, VICTIMS[round % VICTIMS.length] ?? "loader")
    }
    await signal(stack, "loader", "SIGKILL")
    await load.stop()

    const end = Date.now() + 120_000
    for (;;) {
      const { body } = await client
        .call("GET", `${client.ingestion}/internal/v1/shards`, adminKey)
        .catch(() => ({ body: null }))
      if (JSON.stringify(body).includes('"waiting":0,"lost":0')) break
      if (Date.now() > end) throw new Error(`still waiting: ${JSON.stringify(body)}`)
      await Bun.sleep(200)
    }
    const accounting = await client.settled(project, 120_000)
    const stored = await storedIds(await stack.file(), project)
    expect([...load.acknowledged].filter((id) => !stored.has(id))).toEqual([])
    expect([...stored].filter(([, count]) => count !== 1)).toEqual([])
    expect(accounting.balanced).toBe(true)
    process.stdout.write(
      `${JSON.stringify({ acknowledged: load.acknowledged.size, without, rounds: ROUNDS, duplicates: accounting.duplicate })}\n`
    )
  }, 600_000)
})
