import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Duration, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { endOf, removeOldPartitions } from "../../src/loader/InboxMaintenance.ts"
import { drain } from "./faults.ts"
import { outcomes, receive, storedMessages, stores, track } from "./loaderTest.ts"

const HOUR = 3_600_000

/** A partition that ended `hours` ago with one row in it. */
const pastHour = (hours: number, m: string) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const start = Math.floor(Date.now() / HOUR) * HOUR - hours * HOUR
    const from = new Date(start).toISOString()
    const name = `inbox_${from.slice(0, 13).replace(/[-T]/g, "")}`
    yield* sql.unsafe(
      `CREATE TABLE ingest.${name} PARTITION OF ingest.inbox
        FOR VALUES FROM ('${from}') TO ('${new Date(start + HOUR).toISOString()}')`
    )
    const id = yield* receive([track(m)])
    yield* sql`UPDATE ingest.inbox SET received_at = ${from} WHERE id = ${id}`
    return name
  })

const doneLongAgo = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`UPDATE ingest.batches SET done_at = done_at - interval '10 hours'`
)

const remove = removeOldPartitions(Duration.hours(2))

describe("InboxMaintenance", () => {
  const it = withLayer(stores)

  it.effect("removes an hour once all of it was stored long enough ago", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const old = yield* pastHour(5, "old")
      yield* pastHour(1, "young")
      expect(yield* remove).toEqual([])
      yield* drain
      expect(yield* storedMessages).toEqual(["1 old", "1 young"])
      expect(yield* remove).toEqual([])
      yield* doneLongAgo
      expect(yield* remove).toEqual([old])
      expect(yield* sql`SELECT 1 FROM ingest.inbox`).toHaveLength(1)
      // The other batch still has its row.
      expect(yield* sql`SELECT 1 FROM ingest.batches`).not.toEqual([])
      yield* drain
      expect(yield* outcomes).toEqual({ "1 stored": 2 })
    })
  )

  it.effect("finishes a removal that was cut off", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const detached = yield* pastHour(8, "detached")
      yield* drain
      yield* doneLongAgo
      yield* sql.unsafe(
        `ALTER TABLE ingest.inbox DETACH PARTITION ingest.${detached} CONCURRENTLY`
      )
      expect(yield* remove).toEqual([detached])
    })
  )

  it.effect("keeps a detached hour that holds events not stored", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const detached = yield* pastHour(9, "never loaded")
      yield* sql.unsafe(`ALTER TABLE ingest.inbox DETACH PARTITION ingest.${detached}`)
      expect(yield* remove).toEqual([])
      expect(yield* sql.unsafe(`SELECT 1 FROM ingest.${detached}`)).toHaveLength(1)
    })
  )

  it.effect("reads the hour from the name, and leaves other tables alone", () =>
    Effect.sync(() => {
      expect(endOf("inbox_2026112400")).toBe(Date.parse("2026-11-24T01:00:00Z"))
      expect(endOf("inbox_default")).toBe(Number.POSITIVE_INFINITY)
    })
  )
})
