import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { BatchRepo } from "../../src/loader/BatchRepo.ts"
import { Loader } from "../../src/loader/Loader.ts"
import { partsLayer } from "../../src/loader/layers.ts"
import { ShardLease } from "../../src/loader/ShardLease.ts"
import { receive, storedMessages, stores, track } from "./loaderTest.ts"

const IMPORTED = 6
const MOST_LIVE = 100

describe("an import while live events never stop coming", () => {
  const it = withLayer(stores)

  it.effect("ends before they do", () =>
    Effect.gen(function* () {
      const context = yield* Effect.context<SqlClient.SqlClient>()
      const lanes: Array<string> = []
      let imported = 0
      let live = 0
      const busy = Layer.effect(
        BatchRepo,
        Effect.map(BatchRepo, (real) =>
          BatchRepo.of({
            ...real,
            // A live event has come whenever the loader looks.
            pending: (lane, since, until, upTo) =>
              lane === "live" && imported < IMPORTED && live < MOST_LIVE
                ? receive([track(`live-${live++}`)]).pipe(
                    Effect.orDie,
                    Effect.andThen(real.pending(lane, since, until, upTo)),
                    Effect.provide(context)
                  )
                : real.pending(lane, since, until, upTo),
            seal: (lane, rows) => {
              if (imported < IMPORTED) lanes.push(lane)
              if (lane === "bulk") imported += rows.length
              return real.seal(lane, rows)
            }
          })
        )
      )
      for (let i = 0; i < IMPORTED; i++)
        yield* receive([track(`bulk-${i}`)], { lane: "bulk", bytes: 6 * 1024 * 1024 })
      const sql = yield* SqlClient.SqlClient
      const allStored = sql`
        SELECT 1 FROM ingest.inbox LEFT JOIN ingest.batches b USING (batch_id)
         WHERE b.done_at IS NULL LIMIT 1`.pipe(
        Effect.repeat({
          until: (waiting) => waiting.length === 0,
          schedule: Schedule.spaced("50 millis")
        })
      )
      // Not `drain`, which does not wait for more to come.
      yield* Effect.flatMap(Loader, ({ run }) => Effect.raceFirst(run, allStored)).pipe(
        Effect.provide(
          Layer.fresh(
            Loader.layer.pipe(
              Layer.provide(busy),
              Layer.provide(partsLayer),
              Layer.provide(ShardLease.layer(0))
            )
          )
        )
      )
      expect(imported).toBe(IMPORTED)
      expect(yield* storedMessages).toHaveLength(IMPORTED + live)
      expect(lanes.filter((lane) => lane === "bulk")).toHaveLength(IMPORTED)
      // Six imports of 6 MiB are 30 % beside 21 live batches that count 4 MiB each. On a
      // slow machine live ones may get ahead, but never until there are no more of them.
      expect(lanes.filter((lane) => lane === "live").length).toBeLessThan(MOST_LIVE)
    })
  )
})
