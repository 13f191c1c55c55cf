import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { join } from "node:path"
import { storedIds } from "../chaos/Kills.ts"
import { makePlatform, type Platform, serviceNames } from "../rolling/Platform.ts"
import { here } from "../rolling/Replica.ts"
import { replaceAll, scale } from "../rolling/replacing.ts"
import { clientOf } from "../rolling/traffic.ts"
import {
  allThere,
  type Contents,
  ended,
  fill,
  sameAnswers,
  submit
} from "./Contents.ts"
import { newestBefore, previousCheckout } from "./previousCheckout.ts"
import { sdkTraffic } from "./SdkTraffic.ts"

const QUEUED = 40
const one = {
  loader: 1,
  "data-ingestion": 1,
  "analytics-api": 1,
  "ml-inference": 1,
  "reporting-engine": 1,
  "batch-processor": 1
}
const drained = { HTTP_DRAIN_DELAY: "1 second", HTTP_DRAIN_TIMEOUT: "20 seconds" }

describe.if(process.env["TEST_LONG"] === "1")(
  "the release before becomes this one",
  () => {
    let platform: Platform
    let previous: Awaited<ReturnType<typeof previousCheckout>>
    let contents: Contents
    let jobs: ReadonlyArray<string> = []
    const startedAt = Date.now()
    const note = (what: string) =>
      process.stdout.write(
        `${Math.round((Date.now() - startedAt) / 1000)} s: ${what}\n`
      )

    /** Its own `tools/stack` makes the data folder and fills it. */
    beforeAll(async () => {
      previous = await previousCheckout()
      platform = await makePlatform()
      platform.use(previous.root, drained)
      await platform.stack(["start", "--detach", "--no-demo"])
      note("the release before runs")
      await platform.exec([
        process.execPath,
        "tools/cli/src/main.ts",
        "demo",
        "--stack",
        join(platform.data, "stack.json")
      ])
      const { client, services } = await platform.ownStack()
      contents = await fill(client, services)
      await platform.stack(["stop"])
      note("it has the demo and some of everything")
      await platform.startStores()
      await platform.startServices(one, 300)
      note("it runs as a cluster runs it")
    }, 900_000)
    afterAll(async () => {
      await platform?.stop()
      await previous?.remove()
    }, 120_000)

    it("under live traffic, and nothing acknowledged is lost or doubled", async () => {
      const { client, file } = await clientOf(platform)
      const live = await client.createProject("live")
      const traffic = sdkTraffic(platform.url("data-ingestion"), live.writeKey)
      const key = contents.project.secretKey
      try {
        await sameAnswers(client, contents)
        platform.use(here, drained)
        await platform.migrate("upgrade")
        note("migrated")
        // Its services go on with the new tables.
        await sameAnswers(client, contents)
        await allThere(client, file.services, contents)
        const before = traffic.sent.size
        const { accepted } = await client.accounting(live)
        for (;;) {
          const books = await client.accounting(live)
          expect(books.balanced).toBe(true)
          if (books.stored >= accepted) break
          await Bun.sleep(100)
        }
        while (traffic.sent.size < before + 50) await Bun.sleep(50)

        // What it wrote into the inbox is read by the new loader alone.
        const [loader] = platform.deployment("loader").replicas.splice(0)
        await loader?.ended("SIGTERM")
        const waiting = traffic.sent.size
        while (traffic.sent.size < waiting + 50) await Bun.sleep(50)
        // And jobs that it took are finished by the new runner.
        jobs = await Promise.all(
          Array.from({ length: QUEUED }, () =>
            submit(client, file.services, key, "noop", { note: "of before" })
          )
        )
        for (const name of serviceNames) {
          const deployment = platform.deployment(name)
          if (name === "loader") await scale(deployment, 1)
          else expect(await replaceAll(deployment)).toEqual([0])
          await sameAnswers(client, contents)
          note(`${name} is replaced`)
        }
        const after = traffic.sent.size
        while (traffic.sent.size < after + 50) await Bun.sleep(50)
      } finally {
        await traffic.stop()
      }
      expect(traffic.given).toEqual([])
      const books = await client.settled(live, 120_000)
      const stored = await storedIds(file, live)
      expect([...traffic.sent].filter((id) => stored.get(id) !== 1)).toEqual([])
      expect([...stored.values()].filter((times) => times !== 1)).toEqual([])
      expect(books).toMatchObject({ balanced: true, stored: stored.size })
      await allThere(client, file.services, contents)
      for (const job of jobs)
        expect(await ended(client, file.services, key, job)).toMatchObject({
          state: "succeeded",
          result: { note: "of before" }
        })
      const reconciled = await submit(
        client,
        file.services,
        file.adminKey,
        "reconcile",
        {}
      )
      expect(
        await ended(client, file.services, file.adminKey, reconciled)
      ).toMatchObject({
        state: "succeeded",
        result: { differing: [] }
      })
      note(`${stored.size} events of the client, all once`)
    }, 1_200_000)

    it("and goes back: its migrations are taken back, the release before answers", async () => {
      const { client: before } = await clientOf(platform)
      const counted = await before.settled(contents.project)
      await platform.stopServices()
      await platform.migrate("downgrade", "--to", String(newestBefore))
      platform.use(previous.root, drained)
      await platform.startServices(one, 300)
      const { client, file } = await clientOf(platform)
      await sameAnswers(client, contents)
      await allThere(client, file.services, contents)
      expect(await client.settled(contents.project)).toEqual(counted)
      note("back at the release before")
      await platform.stopServices()
      platform.use(here, drained)
      await platform.migrate("upgrade")
    }, 900_000)
  }
)
