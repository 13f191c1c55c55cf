import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import RudderStack from "@rudderstack/rudder-sdk-node"
import { Analytics } from "@segment/analytics-node"
import { type Client, makeClient, type Project } from "./Client.ts"
import { flakyProxy } from "./FlakyProxy.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

let stack: RunningStack
let client: Client

beforeAll(async () => {
  stack = await startStack()
  client = await makeClient(stack)
}, 180_000)

afterAll(() => stack?.stop(), 60_000)

const total = async (project: Project, event: string) => {
  const answer = await client.query(project, {
    kind: "trends",
    range: "last_7d",
    interval: "none",
    series: [
      { event, measure: "total" },
      { event, measure: "unique_users" },
      { event, measure: "sum", property: "n" }
    ]
  })
  expect(answer.status).toBe(200)
  const { series } = (
    answer.body as {
      result: { series: ReadonlyArray<{ data: ReadonlyArray<number> }> }
    }
  ).result
  return series.map((one) => one.data[0])
}

const count = 200
const sumOfAll = (count * (count - 1)) / 2

/** Restarts data-ingestion the hard way; the supervisor brings it back. */
const restartIngestion = async () => {
  const before = (await stack.file()).pids["data-ingestion"]
  if (before === undefined) throw new Error("data-ingestion has no pid")
  process.kill(before, "SIGKILL")
  const end = Date.now() + 30_000
  while (Date.now() < end) {
    const now = (await stack.file()).pids["data-ingestion"]
    if (now !== undefined && now !== before) return
    await Bun.sleep(50)
  }
  throw new Error("data-ingestion did not come back")
}

describe("@segment/analytics-node", () => {
  it("delivers every event through 429, 503 and a restart, once", async () => {
    const project = await client.createProject("segment")
    using proxy = flakyProxy(client.ingestion)
    const analytics = new Analytics({
      writeKey: project.writeKey,
      host: proxy.url,
      flushAt: 20,
      flushInterval: 100,
      maxRetries: 20
    })
    proxy.answer(429, 2)
    for (let n = 0; n < count; n++) {
      analytics.track({ userId: `u${n % 10}`, event: "Sent", properties: { n } })
      if (n === 60) proxy.answer(503, 3)
      if (n === 120) await restartIngestion()
    }
    await analytics.closeAndFlush({ timeout: 60_000 })
    expect(proxy.refused()).toBe(5)
    await client.settled(project)
    expect(await total(project, "Sent")).toEqual([count, 10, sumOfAll])
  }, 120_000)
})

describe("@rudderstack/rudder-sdk-node", () => {
  it("delivers every event through 429, 503 and a restart, once", async () => {
    const project = await client.createProject("rudder")
    using proxy = flakyProxy(client.ingestion)
    const analytics = new RudderStack(project.writeKey, {
      dataPlaneUrl: proxy.url,
      flushAt: 20,
      flushInterval: 100,
      gzip: true
    })
    const sent: Array<Promise<void>> = []
    proxy.answer(429, 1)
    for (let n = 0; n < count; n++) {
      sent.push(
        new Promise((resolve, reject) => {
          const message = { userId: `u${n % 10}`, event: "Sent", properties: { n } }
          analytics.track(message, (error?: Error) =>
            error ? reject(error) : resolve()
          )
        })
      )
      if (n === 60) proxy.answer(503, 2)
      if (n === 120) await restartIngestion()
    }
    await analytics.flush()
    await Promise.all(sent)
    expect(proxy.refused()).toBe(3)
    await client.settled(project)
    expect(await total(project, "Sent")).toEqual([count, 10, sumOfAll])
  }, 120_000)
})
