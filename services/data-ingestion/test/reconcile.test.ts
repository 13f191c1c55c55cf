import { describe, expect, it } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Accounting } from "../src/accounting/Accounting.ts"
import { AccountingRepo } from "../src/accounting/AccountingRepo.ts"
import { ReconcileRepo } from "../src/reconcile/ReconcileRepo.ts"
import { differencesOf, Reconciliation } from "../src/reconcile/Reconciliation.ts"
import { HoldRepo } from "../src/watermark/HoldRepo.ts"
import { WatermarkRepo } from "../src/watermark/WatermarkRepo.ts"
import { drain } from "./loader/faults.ts"
import { receive, stores, track } from "./loader/loaderTest.ts"

const books = {
  sealedUpTo: new Date(),
  openBatches: [],
  stored: 5,
  quarantined: new Map([["bad", 2]]),
  inQuarantine: new Map([["bad", 2]]),
  openRemovals: 0
}
const held = { events: 5, doubled: 0, examples: [] }

describe("differences", () => {
  it("are none when the books agree with what is there", () => {
    expect(differencesOf(books, held)).toEqual([])
  })

  it("name what is missing, surplus, doubled or not where it is counted", () => {
    const places = (found: ReturnType<typeof differencesOf>) =>
      found.map(({ ledger, place, source }) => [place, ledger, source])
    expect(places(differencesOf(books, { ...held, events: 4 }))).toEqual([
      ["stored", 5, 4]
    ])
    expect(
      places(differencesOf(books, { events: 6, doubled: 1, examples: ["m1"] }))
    ).toEqual([
      ["stored", 5, 6],
      ["doubled", 0, 1]
    ])
    expect(
      places(differencesOf({ ...books, inQuarantine: new Map([["odd", 2]]) }, held))
    ).toEqual([
      ["quarantined", 2, 0],
      ["quarantined", 0, 2]
    ])
  })
})

describe("reconciliation", () => {
  const layer = Reconciliation.layer.pipe(
    Layer.provide(ReconcileRepo.layer),
    Layer.provide(Accounting.layer),
    Layer.provide(AccountingRepo.layer),
    Layer.provideMerge(Layer.merge(HoldRepo.layer, WatermarkRepo.layer)),
    Layer.provideMerge(stores)
  )
  const { effect } = withLayer(layer)

  const accept = Effect.fnUntraced(function* (messages: ReadonlyArray<string>) {
    const sql = yield* SqlClient.SqlClient
    yield* receive(messages.map((message) => track(message, { p: 1 })))
    yield* sql`
      INSERT INTO ingest.accepted AS a (project_id, writer, events)
      VALUES (1, 'test', ${BigInt(messages.length)})
          ON CONFLICT (project_id, writer)
          DO UPDATE SET events = a.events + excluded.events`
  })
  const reconcile = Reconciliation.use((reconciliation) => reconciliation.of(1))

  effect("finds nothing, also while events wait", () =>
    Effect.gen(function* () {
      yield* accept(["a", "b", "c"])
      yield* drain
      yield* accept(["d"])
      expect(yield* reconcile).toMatchObject({ stored: 3, differences: [] })
    })
  )

  effect("tells nobody of a watermark above what is open", () =>
    Effect.gen(function* () {
      const { knownAt } = yield* HoldRepo.use(({ take }) => take)
      yield* reconcile
      const { watermark } = yield* WatermarkRepo.use(({ told }) => told)
      expect(watermark.getTime()).toBeLessThan(knownAt.getTime())
      const next = yield* HoldRepo.use(({ take }) => take)
      expect(next.knownAt.getTime()).toBeGreaterThan(knownAt.getTime())
      yield* SqlClient.SqlClient.use((sql) => sql`DELETE FROM ingest.watermark_holds`)
    })
  )

  effect("finds a row that is gone and one that came twice", () =>
    Effect.gen(function* () {
      const store = yield* ClickHouse
      yield* drain
      const delay = { settings: { mutations_sync: "2" as const } }
      yield* store.command("ALTER TABLE events DELETE WHERE message_id = 'a'", delay)
      expect((yield* reconcile).differences).toMatchObject([
        { place: "stored", ledger: 4, source: 3 }
      ])
      yield* store.command(
        "INSERT INTO events SELECT * FROM events WHERE message_id = 'b'",
        { settings: { insert_deduplicate: 0 } }
      )
      const { differences } = yield* reconcile
      expect(differences).toMatchObject([{ place: "doubled", source: 1 }])
      expect(differences[0]?.detail).toContain("b")
    })
  )
})
