import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Exit, Layer, Schedule, Scope } from "effect"
import { SqlClient } from "effect/sql"
import * as LoaderPool from "../../src/loader/LoaderPool.ts"
import { ShardLease } from "../../src/loader/ShardLease.ts"
import { ShardRepo } from "../../src/shards/ShardRepo.ts"
import { stores } from "./loaderTest.ts"

/** A loader process: what it has now, and its end. */
const startProcess = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const held = new Set<number | "duties">()
  const holding = (what: number | "duties") =>
    Effect.acquireRelease(
      Effect.sync(() => held.add(what)),
      () => Effect.sync(() => held.delete(what))
    ).pipe(Effect.andThen(Effect.never))
  const load = (shard: number) =>
    Effect.gen(function* () {
      const { lost } = yield* ShardLease
      return yield* Effect.raceFirst(Effect.scoped(holding(shard)), lost)
    }).pipe(Effect.provide(Layer.fresh(ShardLease.layer(shard, false))))
  yield* LoaderPool.run(load, Effect.scoped(holding("duties"))).pipe(
    Effect.forkIn(scope),
    Scope.provide(scope)
  )
  const shards = () => [...held].filter((each) => each !== "duties")
  return {
    shards,
    onDuty: () => held.has("duties"),
    end: Scope.close(scope, Exit.void)
  }
})

/** Waits until it is so. */
const until = (isSo: () => boolean) =>
  Effect.suspend(() => (isSo() ? Effect.void : Effect.fail("not yet"))).pipe(
    Effect.retry(
      Schedule.spaced("20 millis").pipe(Schedule.upTo({ duration: "20 seconds" }))
    )
  )

describe("loader processes", () => {
  const it = withLayer(ShardRepo.layer.pipe(Layer.provideMerge(stores)), 60_000)

  it.effect("share the shards and the duties, and take over from one that ended", () =>
    Effect.gen(function* () {
      yield* (yield* ShardRepo).divide(4)
      const first = yield* startProcess
      yield* until(() => first.shards().length === 4 && first.onDuty())
      const second = yield* startProcess
      yield* until(() => first.shards().length === 2 && second.shards().length === 2)
      expect([...first.shards(), ...second.shards()].toSorted()).toEqual([0, 1, 2, 3])
      expect(second.onDuty()).toBe(false)
      yield* first.end
      yield* until(() => second.shards().length === 4 && second.onDuty())
      const sql = yield* SqlClient.SqlClient
      const epochs = yield* sql<{ epoch: bigint }>`SELECT epoch FROM ingest.shards`
      expect(epochs.every(({ epoch }) => epoch >= 2n)).toBe(true)
      yield* second.end
    })
  )

  it.effect("leave shards that are empty for good rather than one that is not", () =>
    Effect.gen(function* () {
      const shards = yield* ShardRepo
      yield* shards.divide(4)
      const first = yield* startProcess
      const second = yield* startProcess
      yield* until(() => first.shards().length === 2 && second.shards().length === 2)
      // Who has shard 0 now gets it last: it is the one that both may have to leave.
      const [one, other] = first.shards().includes(0)
        ? [first, second]
        : [second, first]
      yield* one.end
      yield* until(() => other.shards().length === 4)
      expect(other.shards()[0]).not.toBe(0)
      yield* shards.divide(1)
      yield* until(() => other.shards().length === 1)
      yield* until(() => other.shards().includes(0))
      yield* other.end
    })
  )
})
