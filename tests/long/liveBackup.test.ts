import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { storedIds } from "../chaos/Kills.ts"
import { type Client, makeClient } from "../e2e/Client.ts"
import { type RunningStack, startStack } from "../e2e/RunningStack.ts"
import {
  allThere,
  ask,
  type Contents,
  ended,
  fill,
  submit
} from "../upgrade/Contents.ts"
import { sdkTraffic } from "../upgrade/SdkTraffic.ts"

/** Kept beside a backup, as the page on backups says; all else is gone with the stores. */
const KEPT = ["backups", "models"]

describe.if(process.env["TEST_LONG"] === "1")("a backup under live traffic", () => {
  let stack: RunningStack
  let client: Client
  let contents: Contents

  beforeAll(async () => {
    stack = await startStack({ PURGE_INTERVAL: "1 second" })
    client = await makeClient(stack)
    contents = await fill(client, (await stack.file()).services)
  }, 400_000)
  afterAll(() => stack?.stop(), 120_000)

  const jobOf = async (type: string, payload: object) => {
    const { adminKey, services } = await stack.file()
    const id = await submit(client, services, adminKey, type, payload)
    const job = await ended(client, services, adminKey, id)
    expect(job).toMatchObject({ state: "succeeded", error: null })
    return job
  }

  it("is restored onto empty stores: the same answers, balanced books", async () => {
    const live = await client.createProject("live")
    const { services } = await stack.file()
    const key = contents.project.secretKey
    const traffic = sdkTraffic(client.ingestion, live.writeKey)
    const takenBefore = new Set<string>()
    try {
      while (traffic.sent.size < 100) await Bun.sleep(20)
      for (const id of traffic.sent) takenBefore.add(id)
      await jobOf("backup", { name: "live" })
      const sent = traffic.sent.size
      while (traffic.sent.size < sent + 50) await Bun.sleep(20)
    } finally {
      await traffic.stop()
    }
    // Erased after the backup: it must not come back with it.
    const erase = await submit(client, services, key, "erase", { person: "user-9" })
    expect(await ended(client, services, key, erase)).toMatchObject({
      state: "succeeded"
    })
    const answers = async () =>
      (await ask(client, contents.project, contents.asOf)).map(({ result }) => result)
    const answered = await answers()

    const lostAt = Date.now()
    await stack.suspend()
    for (const name of ["postgres", "clickhouse", "ml-cache", "data-ingestion"])
      await rm(join(stack.data, name), { recursive: true, force: true })
    const objects = join(stack.data, "objects")
    for (const name of await readdir(objects))
      if (!KEPT.includes(name)) await rm(join(objects, name), { recursive: true })
    await stack.resume({ only: ["postgres", "clickhouse"] })
    await stack.exec("batch-processor", ["bun", "tools/migrate/src/main.ts", "upgrade"])
    await stack.exec("batch-processor", [
      "bun",
      "services/batch-processor/src/restore.ts",
      "live"
    ])
    await stack.suspend()
    await stack.resume()
    client = await makeClient(stack)

    const people = { kind: "people", range: "last_30d", limit: 1000 }
    const found = JSON.stringify((await client.query(contents.project, people)).body)
    expect(found).toContain('"user-8"')
    expect(found).not.toContain('"user-9"')
    const recoveredMs = Date.now() - lostAt
    expect(await answers()).toEqual(answered)
    await allThere(client, (await stack.file()).services, contents)
    for (const project of [contents.project, live])
      expect((await client.settled(project, 120_000)).balanced).toBe(true)
    const stored = await storedIds(await stack.file(), live)
    expect([...takenBefore].filter((id) => stored.get(id) !== 1)).toEqual([])
    expect([...stored.values()].filter((times) => times !== 1)).toEqual([])
    await jobOf("reconcile", {})
    process.stdout.write(
      `${JSON.stringify({ sent: traffic.sent.size, stored: stored.size, recoveredMs })}\n`
    )

    // Sent again it counts once, whatever the backup had.
    const again = [...traffic.sent].map((messageId) => ({
      type: "track",
      event: "live",
      userId: "sdk",
      messageId
    }))
    for (let from = 0; from < again.length; from += 500)
      expect(await client.send(live, again.slice(from, from + 500))).toMatchObject({
        status: 200
      })
    expect((await client.settled(live, 120_000)).balanced).toBe(true)
    const all = await storedIds(await stack.file(), live)
    expect([...traffic.sent].filter((id) => all.get(id) !== 1)).toEqual([])
  }, 900_000)
})
