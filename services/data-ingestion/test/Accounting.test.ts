import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { Effect, ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import { makeApp } from "../src/App.ts"
import { accountOf } from "../src/accounting/Accounting.ts"
import { type App, ask, basic, bearer, ingestionWith } from "./ingestionTest.ts"
import { drain } from "./loader/faults.ts"

const runtime = ManagedRuntime.make(ingestionWith({ testMode: true }))
let app: App
beforeAll(async () => {
  await runtime.context()
  app = makeApp(runtime)
}, 60_000)
afterAll(() => runtime.dispose(), 60_000)

const send = (key: string, ...batch: ReadonlyArray<object>) =>
  ask(app, "/v1/batch", {
    json: {
      batch: batch.map((event) => ({
        type: "track",
        event: "e",
        userId: "u",
        ...event
      }))
    },
    headers: basic(key)
  })
const account = async (key: string) =>
  (await ask(app, "/v1/accounting", { headers: bearer(key) })).body
const receipt = (key: string, id: string) =>
  ask(app, `/v1/messages/${encodeURIComponent(id)}`, { headers: bearer(key) })
const load = () => runtime.runPromise(drain)
const nothing = {
  accepted: 0,
  stored: 0,
  duplicate: 0,
  quarantined: 0,
  dropped: {},
  erased: 0,
  expired: 0,
  pending: 0,
  balanced: true
}

describe("accounting and receipts", () => {
  it("follow every event from acknowledgement to its end", async () => {
    expect(await account("secret1")).toEqual(nothing)
    const future = new Date(Date.now() + 30 * 86_400_000).toISOString()
    const text = { messageId: "a b/ü", timestamp: "2025-03-01T10:00:00.123Z" }
    const { body } = await send(
      "write1",
      text,
      { messageId: "twice" },
      { messageId: "twice" },
      { messageId: "odd", timestamp: future },
      { messageId: "no", userId: null }
    )
    expect(body).toMatchObject({ accepted: 4, rejected: [{ index: 4 }] })
    expect(await account("secret1")).toEqual({ ...nothing, accepted: 4, pending: 4 })
    expect((await receipt("secret1", "a b/ü")).body).toMatchObject({
      status: "pending",
      timestamp: "2025-03-01T10:00:00.123Z"
    })
    await load()
    expect(await account("secret1")).toEqual({
      ...nothing,
      accepted: 4,
      stored: 2,
      duplicate: 1,
      quarantined: 1
    })
    const { body: stored } = await receipt("secret1", "a b/ü")
    expect(stored).toMatchObject({ status: "stored", timestamp: text.timestamp })
    expect(Date.parse(stored.storedAt)).toBeGreaterThan(Date.now() - 60_000)
    expect((await receipt("secret1", "odd")).body).toMatchObject({
      status: "quarantined",
      reason: "timestamp_in_future",
      timestamp: future
    })
    expect((await receipt("secret1", "no")).status).toBe(404)
  })

  it("show nobody another project's events", async () => {
    expect(await account("secret2")).toEqual(nothing)
    expect((await receipt("secret2", "a b/ü")).status).toBe(404)
    expect(
      (await ask(app, "/v1/quarantine", { headers: bearer("secret2") })).body
    ).toEqual({
      events: [],
      nextCursor: null
    })
  })

  it("are for secret keys with the scope", async () => {
    const status = async (key: string, path: string) =>
      (await ask(app, path, { headers: bearer(key) })).status
    for (const path of ["/v1/accounting", "/v1/messages/x", "/v1/quarantine"]) {
      expect(await status("write1", path)).toBe(403)
      expect(await status("blind1", path)).toBe(403)
      expect(await status("nobody", path)).toBe(401)
      expect(await status("unclear", path)).toBe(503)
    }
  })

  it("are told to the admin key for any project, to a secret key for its own", async () => {
    const of = (key: string, projectId: string) =>
      ask(app, `/v1/accounting?projectId=${projectId}`, { headers: bearer(key) })
    const own = await account("secret1")
    expect((await of("admin", "1")).body).toEqual(own)
    expect((await of("secret1", "1")).body).toEqual(own)
    expect((await of("admin", "4000000000")).body).toEqual(nothing)
    expect((await of("secret2", "1")).status).toBe(403)
    expect((await of("write1", "1")).status).toBe(403)
    expect((await of("nobody", "1")).status).toBe(401)
    expect((await of("admin", "x")).status).toBe(422)
    const unnamed = await ask(app, "/v1/accounting", { headers: bearer("admin") })
    expect(unnamed.status).toBe(401)
  })

  it("see a row that was lost", async () => {
    await send("write2", { messageId: "kept" }, { messageId: "lost" })
    await runtime.runPromise(
      SqlClient.SqlClient.use(
        (sql) => sql`DELETE FROM ingest.inbox WHERE project_ids @> ARRAY[2::bigint]`
      )
    )
    expect(await account("secret2")).toEqual({
      ...nothing,
      accepted: 2,
      balanced: false
    })
  })

  it("add up by hand", () => {
    const counts = [
      { outcome: "accepted", reason: "", events: 10 },
      { outcome: "dropped", reason: "a", events: 1 },
      { outcome: "dropped", reason: "b", events: 2 },
      { outcome: "quarantined", reason: "x", events: 3 },
      { outcome: "quarantined", reason: "y", events: 4 }
    ]
    expect(accountOf(counts)).toEqual({
      ...nothing,
      accepted: 10,
      dropped: { a: 1, b: 2 },
      quarantined: 7
    })
  })
})

describe("quarantine", () => {
  const list = async () =>
    (await ask(app, "/v1/quarantine", { headers: bearer("secret1") })).body.events
  const replay = (path: string) =>
    ask(app, `/v1/quarantine/${path}`, { method: "POST", headers: bearer("secret1") })

  it("keeps what still cannot be stored", async () => {
    const [odd] = await list()
    expect(odd).toMatchObject({ messageId: "odd", reason: "timestamp_in_future" })
    expect((await replay(`${odd.id}/replay`)).status).toBe(409)
    expect((await replay("1/replay")).status).toBe(404)
    expect((await replay("replay")).body).toEqual({
      replayed: 0,
      stillFaulty: 1,
      nextCursor: null
    })
  })

  it("replays once, as pending, and as a duplicate if the id was stored meanwhile", async () => {
    // As if a day had passed: the event's time has come.
    await runtime.runPromise(
      SqlClient.SqlClient.use(
        (sql) =>
          sql`UPDATE ingest.quarantine SET event = regexp_replace(event, '"t":[0-9]+', '"t":1740823200123')`
      )
    )
    const before = await account("secret1")
    const [odd] = await list()
    const both = await Promise.all([
      replay(`${odd.id}/replay`),
      replay(`${odd.id}/replay`)
    ])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 404])
    expect(await account("secret1")).toEqual({ ...before, quarantined: 0, pending: 1 })
    expect((await receipt("secret1", "odd")).body.status).toBe("pending")
    await load()
    expect(await account("secret1")).toEqual({
      ...before,
      quarantined: 0,
      stored: before.stored + 1
    })
    expect((await receipt("secret1", "odd")).body).toMatchObject({ status: "stored" })
    expect(await list()).toEqual([])
  })

  it("replays all that may be", async () => {
    await send(
      "write1",
      { messageId: "r1", timestamp: "soon" },
      { messageId: "r2", timestamp: 1 }
    )
    await send("write1", { messageId: "r3", timestamp: "2999-01-01" })
    await load()
    await runtime.runPromise(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* sql`UPDATE ingest.quarantine SET event = regexp_replace(event, '"t":[0-9]+', '"t":1740823200123') WHERE message_id = 'r3'`
      })
    )
    expect((await replay("replay")).body).toMatchObject({ replayed: 1, stillFaulty: 1 })
    await load()
    expect((await account("secret1")).balanced).toBe(true)
    expect((await receipt("secret1", "r3")).body.status).toBe("stored")
  })
})
