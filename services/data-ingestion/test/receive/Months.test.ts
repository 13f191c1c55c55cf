import { afterAll, beforeAll, expect, it } from "bun:test"
import { Effect, ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import { makeApp } from "../../src/App.ts"
import { type App, ask, basic, ingestionWith } from "../ingestionTest.ts"

const runtime = ManagedRuntime.make(ingestionWith())
let app: App
beforeAll(async () => {
  await runtime.context()
  app = makeApp(runtime)
}, 60_000)
afterAll(() => runtime.dispose(), 60_000)

it("takes what spans many months for an import, and says which months", async () => {
  const of = (months: number) => ({
    batch: Array.from({ length: months }, (_, i) => ({
      type: "track",
      event: "bought",
      userId: "u1",
      timestamp: new Date(Date.UTC(2025, i, 10)).toISOString()
    }))
  })
  for (const months of [3, 4])
    expect(
      (await ask(app, "/v1/batch", { json: of(months), headers: basic("write1") })).body
    ).toEqual({ success: true, accepted: months, rejected: [] })
  const rows = await runtime.runPromise(
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql`SELECT lane, months FROM ingest.inbox ORDER BY events`
    )
  )
  expect(rows).toEqual([
    { lane: "live", months: [202501, 202502, 202503] },
    { lane: "bulk", months: [202501, 202502, 202503, 202504] }
  ])
})
