import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Deferred, Effect, Fiber, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { ReceiptRepo } from "../../src/receipts/ReceiptRepo.ts"
import { receive, stores, track } from "../loader/loaderTest.ts"

const MIB = 1024 * 1024

describe("ReceiptRepo", () => {
  const it = withLayer(ReceiptRepo.layer.pipe(Layer.provideMerge(stores)))

  it.effect("says what it has not looked through", () =>
    Effect.gen(function* () {
      const repo = yield* ReceiptRepo
      yield* receive([track("first")], { bytes: 40 * MIB })
      yield* receive([track("second")], { bytes: 40 * MIB })
      expect(Option.isSome(yield* repo.pending(1, "first"))).toBe(true)
      const error = yield* Effect.flip(repo.pending(1, "second"))
      expect(error).toMatchObject({ status: 503, retryAfter: 5 })
    })
  )

  it.effect("searches for one at a time, and turns away who would wait too long", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const repo = yield* ReceiptRepo
      const locked = yield* Deferred.make<void>()
      const refused = yield* Deferred.make<void>()
      // Nobody gets through the inbox until somebody was turned away.
      const held = yield* Effect.gen(function* () {
        yield* sql`LOCK TABLE ingest.inbox IN ACCESS EXCLUSIVE MODE`
        yield* Deferred.succeed(locked, undefined)
        yield* Deferred.await(refused)
      }).pipe(sql.withTransaction, Effect.forkChild)
      yield* Deferred.await(locked)
      const results = yield* Effect.forEach(
        Array.from({ length: 30 }),
        () =>
          repo.pending(1, "first").pipe(
            Effect.tapError((error) => {
              expect(error).toMatchObject({ status: 503, retryAfter: 2 })
              return Deferred.succeed(refused, undefined)
            }),
            Effect.result
          ),
        { concurrency: "unbounded" }
      )
      yield* Fiber.join(held)
      expect(results.filter(({ _tag }) => _tag === "Success").length).toBe(17)
      expect(results.filter(({ _tag }) => _tag === "Failure").length).toBe(13)
    })
  )
})
