import { describe, expect } from "bun:test"
import {
  encodeFrame,
  encodeLine,
  type InboxEvent
} from "@analytics/data-processing/InboxEvent"
import { uniqueId } from "@analytics/data-processing/UniqueId"
import { withLayer } from "@analytics/testing/effectTest"
import { Cause, Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { drain, drainWith, failure, inserting } from "./faults.ts"
import { outcomes, receive, storedMessages, stores, track } from "./loaderTest.ts"

/** An inbox row that says it holds so many events of each project. */
const put = (frame: Uint8Array, counts: ReadonlyMap<bigint, number>, id = uniqueId()) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql`INSERT INTO ingest.inbox ${sql.insert({
        id,
        shard: 0,
        lane: "live",
        events: [...counts.values()].reduce((sum, events) => sum + events, 0),
        bytes: 100,
        projectIds: [...counts.keys()],
        projectCounts: [...counts.values()],
        frame
      })}`
  )

describe("an inbox row that cannot be read", () => {
  const it = withLayer(stores)

  it.effect("loses only what is lost, and all is accounted for", () =>
    Effect.gen(function* () {
      const cut = encodeLine(track("cut")).slice(0, -5)
      yield* put(
        encodeFrame([encodeLine(track("m1")), cut, encodeLine(track("m2", { p: 2 }))]),
        new Map([
          [1n, 2],
          [2n, 1]
        ])
      )
      yield* put(
        new Uint8Array([1, 2, 3]),
        new Map([
          [1n, 2],
          [2n, 3]
        ])
      )
      yield* put(encodeFrame([encodeLine(track("m3"))]), new Map([[1n, 2]]))
      // Counted under another project than its own: nothing is missing.
      yield* put(encodeFrame([encodeLine(track("m4", { p: 3 }))]), new Map([[1n, 1]]))
      yield* drain
      expect(yield* storedMessages).toEqual(["1 m1", "1 m3", "2 m2", "3 m4"])
      expect(yield* outcomes).toEqual({
        "1 dropped frame_unreadable": 3,
        "1 quarantined unreadable": 1,
        "1 stored": 2,
        "2 dropped frame_unreadable": 3,
        "2 stored": 1,
        "3 stored": 1
      })
      const sql = yield* SqlClient.SqlClient
      expect(yield* sql`SELECT project_id, event FROM ingest.quarantine`).toEqual([
        { projectId: 1n, event: cut }
      ])
    })
  )
})

describe("an event that cannot be encoded", () => {
  const it = withLayer(stores)

  it.effect("is kept aside alone, and does not claim its id", () =>
    Effect.gen(function* () {
      const { e: _, ...nameless } = track("m1")
      yield* receive([
        track("m0", { a: "a" }),
        nameless as InboxEvent,
        track("m1"),
        track("m2")
      ])
      yield* drain
      expect(yield* storedMessages).toEqual(["1 m0", "1 m1", "1 m2"])
      expect(yield* outcomes).toEqual({
        "1 quarantined unreadable": 1,
        "1 stored": 3
      })
    })
  )
})

describe("two inbox rows with one id", () => {
  const it = withLayer(stores)

  it.effect("are both loaded, and only the row to blame is kept aside", () =>
    Effect.gen(function* () {
      const id = uniqueId()
      for (const [m, d] of [
        ["m1", { x: "fine" }],
        ["m2", { x: "POISON" }]
      ] as const)
        yield* put(encodeFrame([encodeLine(track(m, { d }))]), new Map([[1n, 1]]), id)
      yield* drainWith(
        inserting((request, real) =>
          request.table === "events" &&
          Buffer.from(request.body as Uint8Array).includes("POISON")
            ? failure("data")
            : real.insert(request)
        )
      )
      expect(yield* storedMessages).toEqual(["1 m1"])
      expect(yield* outcomes).toEqual({
        "1 quarantined refused_by_store": 1,
        "1 stored": 1
      })
    })
  )
})

describe("a batch of a parser that is not known", () => {
  const it = withLayer(stores)

  it.effect("is refused", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* receive([track("m1")])
      const crashing = inserting(() => Effect.die("the store is gone"))
      yield* Effect.exit(drainWith(crashing))
      yield* sql`UPDATE ingest.batches SET parser_version = 99`
      const exit = yield* Effect.exit(drain)
      expect(Exit.isFailure(exit) && String(Cause.squash(exit.cause))).toMatch(
        /parser version 99/
      )
      expect(yield* storedMessages).toEqual([])
    })
  )
})
