import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Deferred, Effect, Fiber, Layer, Ref } from "effect"
import { SqlClient } from "effect/sql"
import { BatchRepo } from "../../src/loader/BatchRepo.ts"
import { ShardLease } from "../../src/loader/ShardLease.ts"
import { shared, Watermark } from "../../src/watermark/Watermark.ts"
import { WatermarkRepo } from "../../src/watermark/WatermarkRepo.ts"
import { nothing, receive, stores, track } from "../loader/loaderTest.ts"

const layer = Layer.mergeAll(
  Watermark.layer.pipe(Layer.provideMerge(WatermarkRepo.layer)),
  BatchRepo.layer.pipe(Layer.provide(ShardLease.layer(0)))
).pipe(Layer.provideMerge(stores))

const sealOne = (m: string) =>
  Effect.gen(function* () {
    yield* receive([track(m)])
    const batches = yield* BatchRepo
    return yield* batches.seal(
      "live",
      yield* batches.pending("live", new Date(0), new Date(Date.now() + 60_000), 1)
    )
  })

const publish = Effect.flatMap(WatermarkRepo, (repo) => repo.publish)

describe("the watermark", () => {
  const it = withLayer(layer)

  it.effect("never covers what is sealed later, though the clock be behind it", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const batches = yield* BatchRepo
      const told = yield* publish
      const later = yield* sealOne("w1")
      expect(later.knownAt).toBeGreaterThan(told.getTime())
      yield* batches.done(later, nothing)
      // As after a Postgres whose clock was ahead.
      const ahead = new Date(Date.now() + 60_000)
      yield* sql`UPDATE ingest.watermark SET published = ${ahead}`
      const behind = yield* sealOne("w2")
      expect(behind.knownAt).toBe(ahead.getTime() + 1)
      expect((yield* publish).getTime()).toBe(ahead.getTime())
      yield* batches.done(behind, nothing)
      yield* sql`UPDATE ingest.watermark SET published = '1970-01-01'`
    })
  )

  it.effect("is just below the oldest batch that is not done, on any shard", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const batches = yield* BatchRepo
      const first = yield* sealOne("o1")
      const second = yield* sealOne("o2")
      yield* sql`INSERT INTO ingest.shards (shard) VALUES (7)`
      yield* sql`UPDATE ingest.batches SET shard = 7 WHERE batch_id = ${first.batchId}`
      expect((yield* publish).getTime()).toBe(first.knownAt - 1)
      yield* batches.done(first, nothing)
      expect((yield* publish).getTime()).toBe(second.knownAt - 1)
      yield* batches.done(second, nothing)
      expect((yield* publish).getTime()).toBeGreaterThan(second.knownAt)
    })
  )

  it.effect("waits for a seal that is being committed", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const sealed = yield* Deferred.make<void>()
      const commit = yield* Deferred.make<void>()
      const sealing = yield* sql
        .withTransaction(
          Effect.gen(function* () {
            const batch = yield* sealOne("c1")
            yield* Deferred.succeed(sealed, undefined)
            yield* Deferred.await(commit)
            return batch
          })
        )
        .pipe(Effect.forkChild)
      yield* Deferred.await(sealed)
      const asking = yield* publish.pipe(Effect.forkChild)
      const early = yield* Fiber.join(asking).pipe(Effect.timeoutOption("300 millis"))
      expect(early._tag).toBe("None")
      yield* Deferred.succeed(commit, undefined)
      const batch = yield* Fiber.join(sealing)
      expect((yield* Fiber.join(asking)).getTime()).toBe(batch.knownAt - 1)
      const batches = yield* BatchRepo
      yield* batches.done(batch, nothing)
    })
  )

  it.effect("comes with the age of the oldest event that waits", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const id = yield* receive([track("p1")])
      // Not into the hour before, of which there is no partition.
      const [moved] = yield* sql<{ age: number }>`
        UPDATE ingest.inbox
           SET received_at = greatest(date_trunc('hour', now()), now() - interval '2 seconds')
         WHERE id = ${id}
        RETURNING 1000 * extract(epoch FROM now() - received_at)::float8 AS age`
      const { current } = yield* Watermark
      const { ingestLagMs } = yield* current
      expect(ingestLagMs).toBeGreaterThanOrEqual(Math.floor(moved?.age ?? Infinity))
      expect(ingestLagMs).toBeLessThan(60_000)
    })
  )

  it.effect("is worked out once for those who ask together, never from before", () =>
    Effect.gen(function* () {
      const runs = yield* Ref.make(0)
      const gate = yield* Deferred.make<void>()
      const ask = yield* shared(
        Effect.andThen(
          Ref.updateAndGet(runs, (n) => n + 1),
          (n) => Effect.as(n === 1 ? Deferred.await(gate) : Effect.void, n)
        )
      )
      const early = yield* ask.pipe(Effect.forkChild({ startImmediately: true }))
      const others = yield* Effect.forEach(
        [1, 2, 3],
        () => ask.pipe(Effect.forkChild({ startImmediately: true })),
        { concurrency: 1 }
      )
      yield* Deferred.succeed(gate, undefined)
      expect(yield* Fiber.join(early)).toBe(1)
      expect(yield* Effect.forEach(others, (fiber) => Fiber.join(fiber))).toEqual([
        2, 2, 2
      ])
      expect(yield* ask).toBe(3)
    })
  )
})
