import { afterAll, beforeAll, describe, expect, it } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { Effect, ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import { makeApp } from "../../src/App.ts"
import { type App, ask, bearer, ingestionWith } from "../ingestionTest.ts"
import { drain } from "../loader/faults.ts"

const runtime = ManagedRuntime.make(ingestionWith())
let app: App
beforeAll(async () => {
  await runtime.context()
  app = makeApp(runtime)
}, 60_000)
afterAll(() => runtime.dispose(), 60_000)

const headers = bearer("service")
const view = (messageId: string, timestamp: string) => ({
  type: "page",
  anonymousId: "v1",
  messageId,
  timestamp
})

describe("POST /internal/v1/import", () => {
  it("takes a batch like /v1/batch, in the bulk lane, and keeps its times", async () => {
    const batch = [
      { ...view("old-1", "1999-09-28T00:00:00Z"), sentAt: "1999-09-28T01:00:00Z" },
      view("old-2", "1999-09-29T00:00:00Z"),
      { type: "page", messageId: "bad" }
    ]
    const { body, status } = await ask(app, "/internal/v1/import?projectId=2", {
      json: { batch, sentAt: "1999-09-30T00:00:00Z" },
      headers
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      success: true,
      accepted: 2,
      rejected: [{ index: 2, messageId: "bad" }]
    })
    const stored = await runtime.runPromise(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const lanes = yield* sql`SELECT DISTINCT lane FROM ingest.inbox`
        yield* drain
        const clickHouse = yield* ClickHouse
        const rows = yield* clickHouse.query<{ at: string }>(
          "SELECT toString(timestamp) AS at FROM events WHERE project_id = 2 ORDER BY at"
        )
        return { lanes, rows: rows.map(({ at }) => at) }
      })
    )
    expect(stored.lanes).toEqual([{ lane: "bulk" }])
    expect(stored.rows).toEqual(["1999-09-28 00:00:00.000", "1999-09-29 00:00:00.000"])
  })

  it("is for services, and for projects that there are", async () => {
    const status = async (projectId: string, key = "service") => {
      const json = { batch: [view("x", "2020-01-01T00:00:00Z")] }
      const path = `/internal/v1/import?projectId=${projectId}`
      return (await ask(app, path, { json, headers: bearer(key) })).status
    }
    expect(await status("1")).toBe(200)
    for (const key of ["write1", "secret1", "admin", "none"])
      expect(await status("1", key)).toBe(401)
    expect(await status("99")).toBe(404)
    expect(await status("3")).toBe(503)
    for (const id of ["0", "-1", "x", "1e20"]) expect(await status(id)).toBe(422)
  })

  it("answers what /v1/batch does to what it cannot read", async () => {
    const status = async (body: string) =>
      (await ask(app, "/internal/v1/import?projectId=1", { body, headers })).status
    expect(await status("{")).toBe(400)
    expect(await status(`{"batch":[${"null,".repeat(2500)}null]}`)).toBe(413)
  })
})
