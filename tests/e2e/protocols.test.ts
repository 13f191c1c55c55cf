import { afterAll, beforeAll, describe, expect, it, type Mock, spyOn } from "bun:test"
import { join } from "node:path"
import { type Client, makeClient } from "./Client.ts"
import { officialClients } from "./clients/all.ts"
import { deliver, faultsOf } from "./clients/deliver.ts"
import { judgeDelivery } from "./clients/judgeDelivery.ts"
import { eventsFor, nameOf } from "./clients/OfficialClient.ts"
import { captured, replayed } from "./clients/replayed.ts"
import { type RunningStack, startStack } from "./RunningStack.ts"

/** A running stack's STACK_DATA in place of one of its own. */
const running = process.env["SDK_STACK"]

let stack: Pick<RunningStack, "file">
let own: RunningStack | undefined
let client: Client
const silenced: Array<Mock<typeof console.error>> = []

beforeAll(async () => {
  if (running === undefined) own = await startStack()
  stack = own ?? { file: () => Bun.file(join(running ?? "", "stack.json")).json() }
  client = await makeClient(stack)
  // Some of the libraries write there what they could not deliver.
  for (const method of ["error", "warn", "log"] as const)
    silenced.push(spyOn(console, method).mockImplementation(() => {}))
}, 180_000)

afterAll(async () => {
  for (const spy of silenced) spy.mockRestore()
  await own?.stop()
}, 60_000)

/** Restarts data-ingestion the hard way; the supervisor brings it back. */
const restartIngestion = async () => {
  const before = (await stack.file()).pids["data-ingestion"]
  if (before === undefined) throw new Error("data-ingestion has no pid")
  process.kill(before, "SIGKILL")
  const end = Date.now() + 60_000
  while (Date.now() < end) {
    const now = (await stack.file()).pids["data-ingestion"]
    if (now !== undefined && now !== before) {
      const ready = await fetch(`${client.ingestion}/readyz`).catch(() => undefined)
      if (ready?.ok) return
    }
    await Bun.sleep(50)
  }
  throw new Error("data-ingestion did not come back")
}

/** What the clients that send anything again get through, and the others lose by. */
const shortFaults = ["refused 429", "503", "reset after"] as const

describe("official clients, unmodified", () => {
  it.concurrent.each(officialClients.map((one) => [nameOf(one), one] as const))(
    "%s: what it reports as sent is stored once as it was sent",
    async (_, official) => {
      judgeDelivery(
        official,
        [],
        await deliver(client, official, eventsFor(official), [])
      )
    },
    60_000
  )

  it.concurrent.each(officialClients.map((one) => [nameOf(one), one] as const))(
    "%s: what it sends again is stored once",
    async (_, official) => {
      const { retries } = official
      const faults =
        retries.size === 0
          ? shortFaults
          : shortFaults.filter((fault) => retries.has(fault))
      const planned = faults.map(faultsOf)
      const delivery = await deliver(client, official, eventsFor(official), planned)
      judgeDelivery(official, faults, delivery)
      expect(delivery.seen.length).toBeGreaterThanOrEqual(faults.length)
    },
    90_000
  )

  // Keys are unique in an installation: a stack of others may have them already.
  it.skipIf(running !== undefined).each([...captured])(
    "captured with the key %s (%p): stored once, byte for byte as they were sent",
    async (key, names) => replayed(client, await stack.file(), key, names),
    60_000
  )

  it("loses nothing of them when data-ingestion is killed", async () => {
    let restart: Promise<void> | undefined
    const killed = (n: number) => {
      if (n !== 15) return
      restart ??= restartIngestion()
      return restart
    }
    await Promise.all(
      officialClients.map(async (official) => {
        const delivery = await deliver(
          client,
          official,
          eventsFor(official),
          [],
          killed
        )
        judgeDelivery(official, ["502"], delivery)
      })
    )
  }, 120_000)
})
