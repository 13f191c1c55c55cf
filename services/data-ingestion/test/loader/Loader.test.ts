import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Loader } from "../../src/loader/Loader.ts"
import {
  freshLoader,
  outcomes,
  receive,
  storedMessages,
  stores,
  track
} from "./loaderTest.ts"

const drain = Effect.flatMap(Loader, (loader) => loader.drain).pipe(
  Effect.provide(freshLoader)
)

describe("Loader", () => {
  const it = withLayer(stores)

  it.effect("stores what was acknowledged once, with all it was sent", () =>
    Effect.gen(function* () {
      yield* receive([
        track("m1", { d: { cart: { items: 2 }, "a.b": "x", n: null } }),
        track("m1"),
        track("m2", { p: 2, t: Date.parse("2025-01-01T00:00:00Z") }),
        track("m3", { q: "timestamp_in_future", qd: "2199" })
      ])
      yield* receive([track("m1"), track("m2")])
      yield* drain
      yield* receive([track("m3"), track("m2", { p: 2 })])
      yield* drain
      expect(yield* storedMessages).toEqual(["1 m1", "1 m2", "1 m3", "2 m2"])
      expect(yield* outcomes).toEqual({
        "1 duplicate": 2,
        "1 quarantined timestamp_in_future": 1,
        "1 stored": 3,
        "2 duplicate": 1,
        "2 stored": 1
      })
      const clickHouse = yield* ClickHouse
      const [row] = yield* clickHouse.query(
        "SELECT * FROM events WHERE project_id = 1 AND message_id = 'm1'"
      )
      expect(row).toMatchObject({
        event: "bought",
        type: "track",
        timestamp: "2026-03-10 12:00:00.000",
        user_id: "u1",
        props: { "cart.items": "2", "a\\.b": '"x"' }
      })
      const sql = yield* SqlClient.SqlClient
      const [kept] = yield* sql`SELECT message_id, detail FROM ingest.quarantine`
      expect(kept).toEqual({ messageId: "m3", detail: "2199" })
    })
  )

  it.effect("has no more than fifty months in a batch", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const events = Array.from({ length: 120 }, (_, i) =>
        track(`month-${i}`, { p: 3, t: Date.UTC(2010, i, 10) })
      )
      for (let at = 0; at < events.length; at += 15)
        yield* receive(events.slice(at, at + 15))
      yield* drain
      const [most] = yield* sql`
        SELECT max(months) AS months, sum(months)::int AS posts FROM (
          SELECT jsonb_array_length(posts) AS months FROM ingest.batches) AS b
         WHERE months > 3`
      expect(most).toEqual({ months: 45, posts: 120 })
      expect((yield* outcomes)["3 stored"]).toBe(120)
    })
  )
})
