import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { storedIds } from "../chaos/Kills.ts"
import type { Client } from "../e2e/Client.ts"
import { makePlatform, type Platform } from "./Platform.ts"
import { here } from "./Replica.ts"
import { replaceAll } from "./replacing.ts"
import { clientOf, prepare, startTraffic } from "./traffic.ts"

const PROPAGATION_MS = 500
/** One where a second one shows nothing more: a new one is there before the old one goes. */
const replicas = {
  "analytics-api": 2,
  "data-ingestion": 2,
  loader: 1,
  "ml-inference": 1,
  "reporting-engine": 1,
  "batch-processor": 1
}
const drained = { HTTP_DRAIN_DELAY: "2 seconds", HTTP_DRAIN_TIMEOUT: "20 seconds" }
const cutOff = { HTTP_DRAIN_DELAY: "0 seconds", HTTP_DRAIN_TIMEOUT: "0 seconds" }

describe.if(process.env["TEST_LONG"] === "1")("every service is replaced", () => {
  let platform: Platform
  let client: Client
  let prepared: Awaited<ReturnType<typeof prepare>>

  beforeAll(async () => {
    platform = await makePlatform()
    platform.use(here, drained)
    await platform.startStores()
    await platform.migrate("upgrade")
    await platform.startServices(replicas, PROPAGATION_MS)
    const of = await clientOf(platform)
    client = of.client
    prepared = await prepare(client, of.file.services)
  }, 400_000)
  afterAll(() => platform?.stop(), 120_000)

  const rolled = async () => {
    const { project, reportId } = prepared
    const { acknowledged, tally } = startTraffic(platform, project, reportId)
    const codes: Record<string, ReadonlyArray<number>> = {}
    try {
      // Some of each before anything changes.
      await Bun.sleep(1000)
      for (const deployment of platform.deployments())
        codes[deployment.name] = await replaceAll(deployment)
    } finally {
      await tally.stop()
    }
    process.stdout.write(`${JSON.stringify({ ...tally.summary(), codes })}\n`)
    return { acknowledged, codes, tally }
  }

  const stored = async () => {
    expect((await client.settled(prepared.project, 120_000)).balanced).toBe(true)
    return storedIds((await clientOf(platform)).file, prepared.project)
  }

  it("no request fails with the drain sequence, and what was taken is there once", async () => {
    // Those that come now will end without it.
    platform.use(here, cutOff)
    const { acknowledged, codes, tally } = await rolled()
    expect(tally.failures()).toEqual([])
    expect(
      Object.values(codes)
        .flat()
        .filter((code) => code !== 0)
    ).toEqual([])
    const found = await stored()
    expect([...acknowledged].filter((id) => found.get(id) !== 1)).toEqual([])
    expect(found.size).toBe(acknowledged.size)
  }, 900_000)

  it("requests fail without it, and still nothing acknowledged is lost", async () => {
    const { acknowledged, tally } = await rolled()
    // Which of them it hits is chance: a process that is gone is met once or not at all.
    expect(tally.failed()).toBeGreaterThan(0)
    const found = await stored()
    expect([...acknowledged].filter((id) => found.get(id) !== 1)).toEqual([])
  }, 900_000)
})
