import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { HoldRepo } from "../../src/watermark/HoldRepo.ts"
import { WatermarkRepo } from "../../src/watermark/WatermarkRepo.ts"
import { stores } from "../loader/loaderTest.ts"

const layer = Layer.mergeAll(HoldRepo.layer, WatermarkRepo.layer).pipe(
  Layer.provideMerge(stores)
)

const publish = Effect.flatMap(WatermarkRepo, (repo) => repo.publish)

describe("a hold of the watermark", () => {
  const it = withLayer(layer)

  it.effect("lies above what was told, though the clock be behind it", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const holds = yield* HoldRepo
      const ahead = new Date(Date.now() + 60_000)
      yield* sql`UPDATE ingest.watermark SET published = ${ahead}`
      const { id, knownAt } = yield* holds.take
      expect(knownAt.getTime()).toBe(ahead.getTime() + 1)
      expect((yield* publish).getTime()).toBe(ahead.getTime())
      expect(yield* holds.release(id)).toBe(true)
      yield* sql`UPDATE ingest.watermark SET published = '1970-01-01'`
    })
  )

  it.effect("keeps the watermark below it until the last is released", () =>
    Effect.gen(function* () {
      const holds = yield* HoldRepo
      const first = yield* holds.take
      const told = yield* publish
      expect(told.getTime()).toBe(first.knownAt.getTime() - 1)
      const second = yield* holds.take
      expect(yield* holds.release(second.id)).toBe(true)
      expect(yield* publish).toEqual(told)
      expect(yield* holds.release(first.id)).toBe(true)
      const after = (yield* publish).getTime()
      expect(after).toBeGreaterThanOrEqual(second.knownAt.getTime())
      expect(yield* holds.release(first.id)).toBe(false)
    })
  )

  it.effect("is over when nobody releases it in time, and then says so", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const holds = yield* HoldRepo
      const { id, knownAt } = yield* holds.take
      yield* sql`UPDATE ingest.watermark_holds SET expires_at = clock_timestamp()`
      expect((yield* publish).getTime()).toBeGreaterThanOrEqual(knownAt.getTime())
      expect(yield* holds.release(id)).toBe(false)
    })
  )

  it.effect("is not passed while it is being taken", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const holds = yield* HoldRepo
      const taken = yield* Deferred.make<void>()
      const commit = yield* Deferred.make<void>()
      const taking = yield* holds.take.pipe(
        Effect.tap(() => Deferred.succeed(taken, undefined)),
        Effect.tap(() => Deferred.await(commit)),
        sql.withTransaction,
        Effect.forkChild
      )
      yield* Deferred.await(taken)
      const asking = yield* publish.pipe(Effect.forkChild)
      // Until it waits for the row.
      yield* sql<{ waiting: boolean }>`
        SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted) AS waiting`.pipe(
        Effect.repeat({ until: ([row]) => row?.waiting === true }),
        Effect.timeout("20 seconds")
      )
      yield* Deferred.succeed(commit, undefined)
      const { id, knownAt } = yield* Fiber.join(taking)
      expect((yield* Fiber.join(asking)).getTime()).toBe(knownAt.getTime() - 1)
      yield* holds.release(id)
    })
  )
})
