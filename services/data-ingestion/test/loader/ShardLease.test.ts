import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { BatchRepo } from "../../src/loader/BatchRepo.ts"
import { Loader } from "../../src/loader/Loader.ts"
import { loaderLayer } from "../../src/loader/layers.ts"
import { ShardLease } from "../../src/loader/ShardLease.ts"
import { drain, failure, inserting } from "./faults.ts"
import {
  nothing,
  outcomes,
  receive,
  storedMessages,
  stores,
  track
} from "./loaderTest.ts"

/** A loader's hold on shard 0, for as long as `use` runs. */
const holding = <A, E, R>(
  use: (
    lease: ShardLease["Service"],
    batches: BatchRepo["Service"]
  ) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    return yield* use(yield* ShardLease, yield* BatchRepo)
  }).pipe(
    Effect.provide(
      Layer.fresh(BatchRepo.layer.pipe(Layer.provideMerge(ShardLease.layer(0))))
    )
  )

/** Cuts the connection that holds the lock. */
const cutLock = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'loader shard 0' AND datname = current_database()`
})

describe("ShardLease", () => {
  const it = withLayer(stores)

  it.effect("keeps a second loader waiting until the first has gone", () =>
    Effect.gen(function* () {
      const taken: Array<string> = []
      const release = yield* Deferred.make<void>()
      const held = yield* Deferred.make<void>()
      const first = yield* holding(() => {
        taken.push("first")
        return Effect.andThen(
          Deferred.succeed(held, undefined),
          Deferred.await(release)
        )
      }).pipe(Effect.forkChild)
      yield* Deferred.await(held)
      const second = yield* holding(() => Effect.sync(() => taken.push("second"))).pipe(
        Effect.forkChild
      )
      const early = yield* Fiber.join(second).pipe(Effect.timeoutOption("1 second"))
      expect(early._tag).toBe("None")
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      expect(taken).toEqual(["first", "second"])
    })
  )

  it.effect("ends the loader whose lock is gone", () =>
    holding(({ lost }) =>
      Effect.gen(function* () {
        yield* cutLock
        expect(yield* Effect.flip(lost)).toMatchObject({ _tag: "FencedOut", shard: 0 })
      })
    )
  )

  it.effect("does not wait when it is not to", () =>
    holding(() =>
      Effect.gen(function* () {
        const refused = yield* Effect.flip(
          Effect.scoped(Layer.build(Layer.fresh(ShardLease.layer(0, false))))
        )
        expect(refused).toMatchObject({ _tag: "FencedOut", shard: 0 })
      })
    )
  )

  it.effect("refuses every write of a loader that has not noticed", () =>
    holding((_, old) =>
      Effect.gen(function* () {
        yield* receive([track("m1")])
        const [first] = yield* old.pending(
          "live",
          new Date(0),
          new Date(Date.now() + 60_000),
          1
        )
        const batch = yield* old.seal("live", first === undefined ? [] : [first])
        yield* receive([track("m2")])
        const rows = yield* old.pending(
          "live",
          new Date(0),
          new Date(Date.now() + 60_000),
          1
        )
        yield* cutLock
        yield* holding(() => Effect.void)
        const post = { partition: 202603, rows: 1, queryId: "q" }
        const poison = { inboxId: "1", index: 0, reason: "r" }
        for (const write of [
          old.checkEpoch,
          old.seal("live", rows),
          old.addPosts(batch, [post], []),
          old.addPoison(batch, [poison]),
          old.done(batch, nothing)
        ])
          expect(
            (yield* Effect.flip(write as Effect.Effect<unknown, { _tag: string }>))._tag
          ).toBe("FencedOut")
        yield* drain
        expect(yield* storedMessages).toEqual(["1 m1", "1 m2"])
      })
    )
  )
})

describe("a loader that is overtaken in the middle of a batch", () => {
  const it = withLayer(stores)

  it.effect("sends no block after it, and nothing is stored twice", () =>
    Effect.gen(function* () {
      yield* receive([
        track("m1", { t: Date.parse("2026-01-05T00:00:00Z") }),
        track("m2", { t: Date.parse("2026-02-05T00:00:00Z") }),
        track("m3", { t: Date.parse("2026-03-05T00:00:00Z") })
      ])
      let late = 0
      let first = true
      let finished = false
      // While its first block is on the way, another loader takes the shard and finishes.
      const slow = inserting((request, real) => {
        if (request.table !== "events") return real.insert(request)
        if (finished) late++
        if (!first) return real.insert(request)
        first = false
        return cutLock.pipe(
          Effect.andThen(drain),
          Effect.andThen(() => {
            finished = true
            return failure("timeout")
          }),
          Effect.provide(context)
        ) as never
      })
      const context = yield* Effect.context<never>()
      const ended = yield* Effect.gen(function* () {
        // Without the race against the lock: the epoch alone must stop it.
        return yield* (yield* Loader).run
      }).pipe(Effect.provide(loaderLayer(0)), Effect.provide(slow), Effect.flip)
      expect(ended).toMatchObject({ _tag: "FencedOut" })
      yield* drain
      expect(late).toBe(0)
      expect(yield* storedMessages).toEqual(["1 m1", "1 m2", "1 m3"])
      expect(yield* outcomes).toEqual({ "1 stored": 3 })
    })
  )
})
