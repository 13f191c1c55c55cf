import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as DirectConnection from "@analytics/database/DirectConnection"
import { Context, Effect, Layer, Schedule } from "effect"
import type { Lease } from "./Batch.ts"
import { FencedOut, LedgerUnavailable } from "./LoaderErrors.ts"

/** First half of the advisory lock's key; the shard is the second. */
export const LOCK_CLASS = 0x6c6f6164

/**
 * The right to load one shard: an advisory lock on a connection of its own, and an epoch
 * that grows with each taking. The lock tells at once that another loader is at work;
 * the epoch refuses the writes of one that has not noticed yet that it lost the lock.
 */
export class ShardLease extends Context.Service<
  ShardLease,
  Lease & {
    /** Fails once the lock is gone. Race all work against it. */
    readonly lost: Effect.Effect<never, FencedOut>
  }
>()("@analytics/data-ingestion/loader/ShardLease") {
  /**
   * Takes the shard until the scope closes.
   *
   * @param patient whether to wait until it is free; else it fails while another has it
   */
  static readonly layer = (shard: number, patient = true) =>
    Layer.effect(
      ShardLease,
      Effect.gen(function* () {
        const { url } = yield* PostgresConfig
        const connection = yield* DirectConnection.make({
          url,
          applicationName: `loader shard ${shard}`
        })
        const owner = `${process.env["HOSTNAME"] ?? "local"}:${process.pid}`
        const lost = connection.lost.pipe(
          Effect.mapError(({ reason }) => new FencedOut({ shard, reason }))
        )
        const attempt = connection.query<{ taken: boolean }>(
          "SELECT pg_try_advisory_lock($1, $2) AS taken",
          [LOCK_CLASS, shard]
        )
        const [first] = yield* attempt.pipe(
          Effect.repeat({
            until: ([row]) => row?.taken === true || !patient,
            schedule: Schedule.spaced("500 millis")
          }),
          Effect.raceFirst(lost)
        )
        if (first?.taken !== true)
          return yield* new FencedOut({ shard, reason: "another loader has it" })
        const [row] = yield* connection.query<{ epoch: bigint }>(
          `UPDATE ingest.shards SET epoch = epoch + 1, owner = $2, taken_at = now()
            WHERE shard = $1 RETURNING epoch`,
          [shard, owner]
        )
        if (row === undefined)
          return yield* new FencedOut({ shard, reason: "there is no such shard" })
        yield* Effect.logInfo("shard taken").pipe(
          Effect.annotateLogs({ shard, epoch: String(row.epoch) })
        )
        return { shard, epoch: row.epoch, lost }
      }).pipe(Effect.catchTag("SqlError", (cause) => new LedgerUnavailable({ cause })))
    )
}
