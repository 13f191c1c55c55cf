import { signal } from "../../tests/chaos/Kills.ts"
import { startSibling } from "../../tests/chaos/Sibling.ts"
import { makeClient } from "../../tests/e2e/Client.ts"
import { startStack } from "../../tests/e2e/RunningStack.ts"

/** How fast one loader process empties an inbox, and two that share two shards. */
const EVENTS = Number(process.env["EVENTS"] ?? 200_000)
const BATCH = 1000

const stack = await startStack()
try {
  const client = await makeClient(stack)
  const project = await client.createProject("loaders")
  const { adminKey } = await stack.file()

  const fill = async (round: string) => {
    for (let at = 0; at < EVENTS; at += BATCH) {
      const batch = Array.from({ length: BATCH }, (_, n) => ({
        type: "track",
        event: `event ${n % 20}`,
        userId: `u${(at + n) % 5000}`,
        messageId: `${round}-${at + n}`,
        properties: { price: n, page: `/p/${n % 100}`, plan: "pro" }
      }))
      for (;;) {
        const { status } = await client.send(project, batch)
        if (status === 200) break
        await Bun.sleep(100)
      }
    }
  }
  const emptied = async () => {
    const begun = performance.now()
    await client.settled(project, 600_000)
    return Math.round((EVENTS * 1000) / (performance.now() - begun))
  }

  // Stopped, not ended, so that nothing of a start is measured.
  const first = await signal(stack, "loader", "SIGSTOP")
  await fill("one")
  process.kill(first, "SIGCONT")
  const one = await emptied()

  const second = await startSibling(
    stack,
    "loader",
    "services/data-ingestion/src/loader.ts"
  )
  await client.call("PUT", `${client.ingestion}/internal/v1/shards`, adminKey, {
    shards: 2
  })
  await fill("warm up")
  await client.settled(project, 600_000)
  process.kill(first, "SIGSTOP")
  second.signal("SIGSTOP")
  await fill("two")
  process.kill(first, "SIGCONT")
  second.signal("SIGCONT")
  const two = await emptied()
  await second.stop()
  process.stdout.write(
    `${JSON.stringify({ events: EVENTS, cores: navigator.hardwareConcurrency, load: (await Bun.file("/proc/loadavg").text()).trim(), eventsPerSecond: { oneLoader: one, twoLoaders: two } })}\n`
  )
} finally {
  await stack.stop()
}
