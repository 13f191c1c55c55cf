import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { Deferred, Effect, Layer, Metric } from "effect"
import { SqlClient } from "effect/sql"
import { BatchRepo } from "../../src/loader/BatchRepo.ts"
import { Loader } from "../../src/loader/Loader.ts"
import * as LoaderMetrics from "../../src/loader/LoaderMetrics.ts"
import { partsLayer } from "../../src/loader/layers.ts"
import { ShardLease } from "../../src/loader/ShardLease.ts"
import {
  crash,
  drain,
  drainUntilCrash,
  drainWith,
  failure,
  inserting
} from "./faults.ts"
import { outcomes, receive, storedMessages, stores, track } from "./loaderTest.ts"

const march = Date.parse("2026-03-10T12:00:00Z")
const april = Date.parse("2026-04-10T12:00:00Z")

/** Two months, so two POSTs; a duplicate in the batch; one set aside. */
const receiveSome = Effect.gen(function* () {
  yield* receive([
    track("m1", { t: march, a: "a1" }),
    track("m2", { t: march }),
    track("m2", { t: april }),
    track("m3", { t: april }),
    track("m4", { q: "nesting_too_deep" })
  ])
})

const expectSomeStored = Effect.gen(function* () {
  expect(yield* storedMessages).toEqual(["1 m1", "1 m2", "1 m3"])
  expect(yield* outcomes).toEqual({
    "1 duplicate": 1,
    "1 quarantined nesting_too_deep": 1,
    "1 stored": 3
  })
  const sql = yield* SqlClient.SqlClient
  expect(yield* sql`SELECT 1 FROM ingest.batches WHERE done_at IS NULL`).toEqual([])
  expect(yield* sql`SELECT message_id FROM ingest.quarantine`).toEqual([
    { messageId: "m4" }
  ])
  // a1 belongs to u1, whichever attempt put the link into the ledger.
  const clickHouse = yield* ClickHouse
  expect(
    yield* clickHouse.query(
      "SELECT toUInt8(uniqExact(person)) AS people FROM person_links"
    )
  ).toEqual([{ people: 1 }])
  // What is sent again must be known, whichever attempt claimed it.
  yield* receive([track("m1"), track("m2"), track("m3")])
  yield* drain
  expect((yield* outcomes)["1 duplicate"]).toBe(4)
  expect(yield* storedMessages).toEqual(["1 m1", "1 m2", "1 m3"])
})

/** Crashes at the `nth` insert into `table`, before or after it reached the store. */
const crashAt = (table: string, nth: number, when: "before" | "after") => {
  let seen = 0
  return inserting((request, real) => {
    if (request.table !== table || ++seen !== nth) return real.insert(request)
    return when === "before" ? crash : Effect.andThen(real.insert(request), crash)
  })
}

describe("a crash at any step", () => {
  for (const [table, nth, when] of [
    ["seen", 1, "before"],
    ["seen", 1, "after"],
    ["events", 1, "before"],
    ["events", 1, "after"],
    ["events", 2, "before"],
    ["events", 2, "after"],
    ["person_links", 1, "before"],
    ["person_links", 1, "after"]
  ] as const)
    describe(`${when} insert ${nth} into ${table}`, () => {
      const it = withLayer(stores)
      it.effect("is made good by the next loader", () =>
        Effect.gen(function* () {
          yield* receiveSome
          yield* drainUntilCrash(drainWith(crashAt(table, nth, when)))
          yield* drain
          yield* expectSomeStored
        })
      )
    })

  describe("before and after the batch is marked done", () => {
    const it = withLayer(stores)
    it.effect("is made good by the next loader", () =>
      Effect.gen(function* () {
        const crashing = (when: "before" | "after") =>
          Layer.effect(
            BatchRepo,
            Effect.map(BatchRepo, (real) =>
              BatchRepo.of({
                ...real,
                done: (...all) =>
                  when === "before" ? crash : Effect.andThen(real.done(...all), crash)
              })
            )
          )
        const loader = (when: "before" | "after") =>
          Loader.layer.pipe(
            Layer.provide(crashing(when)),
            Layer.provide(partsLayer),
            Layer.provide(ShardLease.layer(0)),
            Layer.fresh
          )
        yield* receiveSome
        for (const when of ["before", "after"] as const)
          yield* drainUntilCrash(
            Effect.flatMap(Loader, ({ drain }) => drain).pipe(
              Effect.provide(loader(when))
            )
          )
        yield* drain
        yield* expectSomeStored
      })
    )
  })
})

describe("a batch that is taken up again", () => {
  describe("and of which rows are missing at the end", () => {
    const it = withLayer(stores)
    it.effect("is not done until they are there", () =>
      Effect.gen(function* () {
        yield* receiveSome
        yield* drainUntilCrash(drainWith(crashAt("events", 1, "before")))
        const lying = inserting((request, real) =>
          request.table === "events"
            ? Effect.succeed({ writtenRows: 1 })
            : real.insert(request)
        )
        const error = yield* Effect.flip(drainWith(lying))
        // The POST of the other month may have got there before the crash.
        expect(String(error)).toMatch(/has [012] rows of 3/)
        yield* drain
        yield* expectSomeStored
      })
    )
  })

  describe("and to which a frozen loader added rows", () => {
    const it = withLayer(stores)
    it.effect("raises an alarm", () =>
      Effect.gen(function* () {
        const clickHouse = yield* ClickHouse
        const surplus = Effect.map(
          Metric.value(LoaderMetrics.surplus),
          ({ count }) => count
        )
        const before = yield* surplus
        yield* receiveSome
        yield* drainUntilCrash(drainWith(crashAt("events", 2, "after")))
        // Both POSTs run at once: only one of them surely got there before the crash.
        yield* clickHouse.command("INSERT INTO events SELECT * FROM events LIMIT 1")
        yield* drain
        expect((yield* surplus) - before).toBe(1)
        expect((yield* outcomes)["1 stored"]).toBe(3)
      })
    )
  })
})

describe("an answer that got lost", () => {
  const once = (table: string, then: Parameters<typeof inserting>[0]) => {
    let seen = false
    return inserting((request, real) => {
      if (request.table !== table || seen) return real.insert(request)
      seen = true
      return then(request, real)
    })
  }
  const lost = (effect: Effect.Effect<unknown, never>) =>
    Effect.andThen(effect, failure("timeout"))

  describe("of an insert that was stored", () => {
    const it = withLayer(stores)
    it.effect("stores nothing twice", () =>
      Effect.gen(function* () {
        yield* receiveSome
        yield* drainWith(
          once("events", (request, real) => lost(Effect.orDie(real.insert(request))))
        )
        yield* expectSomeStored
      })
    )
  })

  describe("of an insert that was not stored", () => {
    const it = withLayer(stores)
    it.effect("stores it with the next attempt", () =>
      Effect.gen(function* () {
        yield* receiveSome
        yield* drainWith(once("events", () => failure("transient")))
        yield* expectSomeStored
      })
    )
  })

  describe("of an insert of which a part was lost", () => {
    const it = withLayer(stores)
    it.effect("stores only what is missing", () =>
      Effect.gen(function* () {
        yield* receiveSome
        yield* drainWith(
          once("events", (request, real) =>
            lost(
              Effect.orDie(
                Effect.andThen(
                  real.insert(request),
                  real.command(
                    real.topology.alter("events", "DELETE WHERE message_id = 'm2'"),
                    {
                      settings: { mutations_sync: "2" }
                    }
                  )
                )
              )
            )
          )
        )
        yield* expectSomeStored
      })
    )
  })

  describe("of an insert that goes on in the store", () => {
    const it = withLayer(stores)
    it.effect("is ended before the rows are sent again", () =>
      Effect.gen(function* () {
        yield* receiveSome
        const killed: Array<string> = []
        const sent: Array<string> = []
        const watching = Layer.effect(
          ClickHouse,
          Effect.map(ClickHouse, (real) =>
            ClickHouse.of({
              ...real,
              killAndWait: (queryId) => {
                killed.push(queryId)
                return real.killAndWait(queryId)
              },
              insert: (request) => {
                if (request.table !== "events") return real.insert(request)
                sent.push(request.queryId ?? "")
                return sent.length === 1 ? failure("timeout") : real.insert(request)
              }
            })
          )
        )
        yield* drain.pipe(Effect.provide(watching))
        expect(killed).toEqual([sent[0] ?? "none"])
        expect(new Set(sent).size).toBe(3)
        yield* expectSomeStored
      })
    )
  })
})

describe("an event that the store refuses for its data", () => {
  const it = withLayer(stores)
  it.effect("is set aside alone, and does not claim its id", () =>
    Effect.gen(function* () {
      const refusing = inserting((request, real) =>
        request.table === "events" &&
        Buffer.from(request.body as Uint8Array).includes("POISON")
          ? failure("data")
          : real.insert(request)
      )
      const good = Array.from({ length: 20 }, (_, i) => track(`good-${i}`))
      const bad = { d: { x: "POISON" } }
      yield* receive([
        ...good.slice(0, 7),
        track("bad", bad),
        ...good.slice(7),
        track("twice", bad),
        // The first to be stored wins, so this one takes the refused one's place.
        track("twice", { d: { x: "fine" } })
      ])
      yield* drainWith(refusing)
      const expected = [...good.map(({ m }) => `1 ${m}`), "1 twice"].sort()
      expect(yield* storedMessages).toEqual(expected)
      expect(yield* outcomes).toEqual({
        "1 quarantined refused_by_store": 2,
        "1 stored": 21
      })
      yield* receive([track("bad"), track("twice")])
      yield* drain
      expect(yield* storedMessages).toEqual(["1 bad", ...expected])
      expect((yield* outcomes)["1 duplicate"]).toBe(1)
    })
  )
})

describe("a store that refuses everything", () => {
  const it = withLayer(stores)

  it.effect("is asked again until it is mended, and no event is blamed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      let refused = 0
      const most: Array<number> = []
      const drifted = inserting((request, real) => {
        if (request.table === "seen" || request.table === "person_links")
          return real.insert(request)
        if (++refused > 8) return real.insert(request)
        return sql`SELECT jsonb_array_length(posts) AS posts FROM ingest.batches`.pipe(
          Effect.orDie,
          Effect.andThen((rows) => {
            most.push(Number(rows[0]?.["posts"]))
            return failure("data")
          })
        )
      })
      yield* receive([track("m1"), track("m2")])
      yield* drainWith(drifted)
      expect(refused).toBeGreaterThan(8)
      expect(yield* storedMessages).toEqual(["1 m1", "1 m2"])
      expect(yield* outcomes).toEqual({ "1 stored": 2 })
      // What has ended is forgotten, however often it is tried.
      expect(Math.max(...most)).toBe(1)
    })
  )
})

describe("what was stored once", () => {
  const it = withLayer(stores)
  it.effect("stays known after its events are gone", () =>
    Effect.gen(function* () {
      yield* receive([track("m1")])
      yield* drain
      const clickHouse = yield* ClickHouse
      yield* clickHouse.command(clickHouse.topology.truncate("events"))
      yield* receive([track("m1")])
      yield* drain
      expect(yield* storedMessages).toEqual([])
      expect(yield* outcomes).toEqual({ "1 duplicate": 1, "1 stored": 1 })
    })
  )

  it.effect("is known to the batch that is planned while it is being stored", () =>
    Effect.gen(function* () {
      // The first batch's claims reach the store only after the second has looked there.
      const looked = yield* Deferred.make<void>()
      const slow = Layer.effect(
        ClickHouse,
        Effect.map(ClickHouse, (real) =>
          ClickHouse.of({
            ...real,
            bytes: (sql, options) =>
              sql.includes("base64Decode")
                ? Effect.tap(real.bytes(sql, options), () =>
                    Deferred.succeed(looked, undefined)
                  )
                : real.bytes(sql, options),
            insert: (request) =>
              request.table === "seen"
                ? Effect.andThen(Deferred.await(looked), real.insert(request))
                : real.insert(request)
          })
        )
      )
      // Each row fills a batch.
      const full = { bytes: 60 * 1024 * 1024 }
      yield* receive([track("p1"), track("p2")], full)
      yield* receive([track("p2"), track("p3")], full)
      yield* receive([track("p3"), track("p1")], full)
      yield* drain.pipe(Effect.provide(slow))
      expect(yield* storedMessages).toEqual(["1 p1", "1 p2", "1 p3"])
    })
  )

  it.effect("is counted once, though the end of its batch is told twice", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const before = (yield* outcomes)["1 stored"] ?? 0
      yield* receive([track("twice told")])
      const twice = Layer.effect(
        BatchRepo,
        Effect.map(BatchRepo, (real) =>
          BatchRepo.of({
            ...real,
            done: (...all) => Effect.andThen(real.done(...all), real.done(...all))
          })
        )
      )
      yield* Effect.flatMap(Loader, ({ drain }) => drain).pipe(
        Effect.provide(
          Layer.fresh(
            Loader.layer.pipe(
              Layer.provide(twice),
              Layer.provide(partsLayer),
              Layer.provide(ShardLease.layer(0))
            )
          )
        )
      )
      expect((yield* outcomes)["1 stored"]).toBe(before + 1)
      expect(yield* sql`SELECT 1 FROM ingest.batches WHERE done_at IS NULL`).toEqual([])
    })
  )
})
