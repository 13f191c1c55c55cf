import { expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import { Cluster } from "@analytics/testing/TestClickHouse"
import { Effect, Fiber, Schedule } from "effect"
import { drain, drainWith, failure, inserting } from "./faults.ts"
import {
  outcomes,
  receive,
  shardedStores,
  storedMessages,
  track
} from "./loaderTest.ts"

const MESSAGES = Array.from({ length: 40 }, (_, index) => `m${index + 10}`)

/** What one node answers by itself; undefined while it is down. */
const askNode = Effect.fnUntraced(function* (at: number, sql: string) {
  const { nodes } = yield* Cluster
  const store = yield* ClickHouse
  const [row] = yield* store.query<{ name: string }>("SELECT currentDatabase() AS name")
  const url = `http://127.0.0.1:${nodes[at]?.http}/?database=${row?.name}`
  return yield* Effect.tryPromise((signal) =>
    fetch(url, { method: "POST", body: sql, signal }).then((answer) => answer.text())
  ).pipe(Effect.orElseSucceed(() => undefined))
})

/** Rows of events in each node. */
const held = Effect.forEach([0, 1], (at) =>
  askNode(at, "SELECT count() FROM events_local").pipe(
    Effect.map((text) => (text === undefined ? undefined : Number(text)))
  )
)

if (process.env["TEST_LONG"] === "1") {
  const it = withLayer(shardedStores)

  it.effect(
    "stores each event once when one shard took its part and another died",
    () =>
      Effect.gen(function* () {
        const { nodes } = yield* Cluster
        const context = yield* Effect.context<Cluster | ClickHouse>()
        yield* receive(MESSAGES.map((m) => track(m, { u: `u${m}` })))
        let attempts = 0
        /** The answer is lost, and with it a shard's part and its node. */
        const disturbed = inserting((request, real) =>
          request.table === "events" && ++attempts === 1
            ? Effect.gen(function* () {
                yield* real.insert(request)
                yield* askNode(1, "TRUNCATE TABLE events_local")
                yield* nodes[1]?.kill ?? Effect.void
                return yield* failure("timeout")
              }).pipe(Effect.provide(context))
            : real.insert(request)
        )
        const loading = yield* Effect.forkChild(drainWith(disturbed))
        // The shard that lives has stored its part, and the loader cannot know.
        const parts = yield* held.pipe(
          Effect.repeat({
            // It takes a while until the other one is gone, its part before it.
            until: ([first, second]) =>
              first !== undefined && first > 0 && second === undefined,
            schedule: Schedule.spaced("20 millis")
          }),
          Effect.timeout("20 seconds")
        )
        expect(parts[0]).toBeLessThan(MESSAGES.length)
        expect(parts[1]).toBeUndefined()
        expect(loading.pollUnsafe()).toBeUndefined()
        yield* nodes[1]?.start ?? Effect.void
        yield* Fiber.join(loading).pipe(Effect.timeout("40 seconds"))

        expect(yield* storedMessages).toEqual(MESSAGES.map((m) => `1 ${m}`))
        expect(attempts).toBeGreaterThan(1)
        const [first, second] = yield* held
        expect(first).toBe(parts[0])
        expect(second).toBe(MESSAGES.length - (first ?? 0))
        expect(yield* outcomes).toEqual({ "1 stored": MESSAGES.length })
        yield* receive(MESSAGES.map((m) => track(m, { u: `u${m}` })))
        yield* drain
        expect(yield* outcomes).toEqual({
          "1 duplicate": MESSAGES.length,
          "1 stored": MESSAGES.length
        })
      })
  )
}
