import { afterAll, beforeAll, describe, expect, it, type Mock, spyOn } from "bun:test"
import { join } from "node:path"
import { type Client, makeClient } from "../e2e/Client.ts"
import { officialClients } from "../e2e/clients/all.ts"
import { deliver, faultsOf } from "../e2e/clients/deliver.ts"
import { judgeDelivery } from "../e2e/clients/judgeDelivery.ts"
import {
  eventsFor,
  type FaultName,
  faultNames,
  nameOf
} from "../e2e/clients/OfficialClient.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"

/** A running stack's STACK_DATA in place of one of its own. */
const running = process.env["SDK_STACK"]
/** Where the table of what was dropped goes, as in `docs/migrate/clients.md`. */
const table = process.env["SDK_TABLE"]

/** Some of the libraries write there what they could not deliver. */
const silence = (): ReadonlyArray<Mock<typeof console.error>> =>
  (["error", "warn", "log"] as const).map((method) =>
    spyOn(console, method).mockImplementation(() => {})
  )

/**
 * `fetch` has 256 requests under way at most, those of the clients and those that the
 * proxy passes on together: more runs of single requests would wait for each other.
 */
const SINGLE = 9

describe.skipIf(process.env["TEST_LONG"] !== "1")("each client, each fault", () => {
  let own: RunningStack | undefined
  let client: Client
  const silenced: Array<Mock<typeof console.error>> = []
  const rows: Array<string> = []

  beforeAll(async () => {
    if (running === undefined) own = await startStack()
    const file = () => Bun.file(join(running ?? "", "stack.json")).json()
    client = await makeClient(own ?? { file })
    silenced.push(...silence())
  }, 180_000)

  afterAll(async () => {
    for (const spy of silenced) spy.mockRestore()
    if (table !== undefined) {
      const head = ["client", ...faultNames]
      const line = head.map(() => "---")
      const text = [`| ${head.join(" | ")} |`, `| ${line.join(" | ")} |`, ...rows]
      await Bun.write(table, `${text.join("\n")}\n`)
    }
    await own?.stop()
  }, 60_000)

  it.each(officialClients.map((one) => [nameOf(one), one] as const))(
    "%s",
    async (name, official) => {
      const events = eventsFor(official)
      const droppedBy = async (fault: FaultName) => {
        const planned = [faultsOf(fault), faultsOf(fault)]
        const delivery = await deliver(client, official, events, planned)
        const { delivered, seen, stored } = delivery
        try {
          judgeDelivery(official, [fault], delivery)
          expect(seen.length).toBeGreaterThanOrEqual(planned.length)
        } catch (error) {
          throw new Error(`${name}: ${fault}`, { cause: error })
        }
        const lost = events - stored.size
        const untold = official.reports ? stored.size - delivered.size : 0
        return untold === 0 ? String(lost) : `${lost} (${untold})`
      }
      const dropped: Array<string> = []
      const together = official.batch === 1 ? SINGLE : faultNames.length
      for (let at = 0; at < faultNames.length; at += together) {
        const some = faultNames.slice(at, at + together)
        dropped.push(...(await Promise.all(some.map(droppedBy))))
      }
      rows.push(`| ${[name, ...dropped].join(" | ")} |`)
    },
    240_000
  )
})

describe.skipIf(process.env["TEST_LONG"] !== "1")("a service of small batches", () => {
  let stack: RunningStack
  let client: Client
  const silenced: Array<Mock<typeof console.error>> = []

  beforeAll(async () => {
    stack = await startStack({ INGEST_MAX_BATCH_EVENTS: "5" })
    client = await makeClient(stack)
    silenced.push(...silence())
  }, 180_000)

  afterAll(async () => {
    for (const spy of silenced) spy.mockRestore()
    await stack?.stop()
  }, 60_000)

  it.each(officialClients.map((one) => [nameOf(one), one] as const))(
    "%s: sends smaller ones, or drops what is too large and says so",
    async (_, official) => {
      const delivery = await deliver(client, official, eventsFor(official), [])
      judgeDelivery(official, ["refused 413"], delivery)
      // All that it can halve; of the others the small batch at the end, if there is one.
      const halves = official.batch === 1 || official.retries.has("refused 413")
      expect(delivery.stored.size === delivery.sent).toBe(halves)
    },
    120_000
  )
})
