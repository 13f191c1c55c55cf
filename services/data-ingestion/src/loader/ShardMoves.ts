import type { ClickHouseError } from "@analytics/database/ClickHouseError"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type LedgerUnavailable, unavailable } from "./LoaderErrors.ts"
import { SeenStore } from "./SeenStore.ts"
import { ShardLease } from "./ShardLease.ts"

/** How often a loader looks for a newer shard map. */
const LOOK_MS = 500

/**
 * How far a shard may follow the shard map. A message that is sent again must meet the
 * loader that knows it was stored: so rows that were made by a version of the map that
 * brought virtual shards here wait, until all shards that ever had these have done all
 * rows of earlier versions. Then what they claimed is put into the filter.
 *
 * The inbox refuses rows by an outdated map, so what is done of a version stays done.
 */
export class ShardMoves extends Context.Service<
  ShardMoves,
  {
    /** Rows that were made by maps up to this version may be sealed. */
    readonly upTo: () => number
    /** Looks twice a second, or `atOnce`; says whether `upTo` grew. */
    advance(
      atOnce: boolean
    ): Effect.Effect<boolean, LedgerUnavailable | ClickHouseError>
  }
>()("@analytics/data-ingestion/loader/ShardMoves") {
  static readonly layer = Layer.effect(
    ShardMoves,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { shard } = yield* ShardLease
      const seen = yield* SeenStore

      const newest = sql<{ version: number }>`
        SELECT version FROM ingest.shard_map_version`.pipe(
        Effect.map(([row]) => row?.version ?? 0),
        unavailable
      )

      /**
       * The first version after `from`, up to `to`, that has to wait: for everybody who
       * ever had what it brought, because the last one may never have had rows of it.
       */
      const blocked = (from: number, to: number) =>
        sql<{ version: number | null }>`
          SELECT min(m.version) AS version
            FROM (SELECT DISTINCT here.version, had.from_shard
                    FROM ingest.shard_moves AS here
                    JOIN ingest.shard_moves AS had
                      ON had.virtual_shard = here.virtual_shard
                     AND had.version <= here.version
                     AND had.from_shard <> here.to_shard
                   WHERE here.to_shard = ${shard} AND here.version > ${from}
                     AND here.version <= ${to}) AS m
           WHERE EXISTS (
                   SELECT 1 FROM ingest.inbox AS i
                    WHERE i.shard = m.from_shard AND i.batch_id IS NULL
                      AND i.map_version < m.version)
              OR EXISTS (
                   SELECT 1 FROM ingest.batches AS b
                    WHERE b.shard = m.from_shard AND b.done_at IS NULL
                      AND b.map_version < m.version)`.pipe(
          Effect.map(([row]) => row?.version ?? undefined),
          unavailable
        )

      /** Where a shard stands that somebody else may have loaded until now. */
      const begin = Effect.gen(function* () {
        const version = yield* newest
        const waiting = yield* blocked(0, version)
        const upTo = waiting === undefined ? version : waiting - 1
        const owned = yield* sql<{ virtualShard: number }>`
          SELECT virtual_shard FROM ingest.shard_map AS m
           WHERE shard = ${shard} AND NOT EXISTS (
             SELECT 1 FROM ingest.shard_moves AS v
              WHERE v.virtual_shard = m.virtual_shard AND v.version > ${upTo})
           ORDER BY virtual_shard`.pipe(unavailable)
        // Of others, rows may be left; each of their messages is looked up.
        yield* seen.cover(owned.map(({ virtualShard }) => virtualShard))
        return upTo
      })

      let upTo = yield* begin
      let lookedAt = Date.now()

      const advance = Effect.fn("ShardMoves.advance")(function* (version: number) {
        const waiting = yield* blocked(upTo, version)
        const reached = waiting === undefined ? version : waiting - 1
        if (reached <= upTo) return false
        const gained = yield* sql<{ virtualShard: number }>`
          SELECT DISTINCT virtual_shard FROM ingest.shard_moves
           WHERE to_shard = ${shard} AND version > ${upTo} AND version <= ${reached}
           ORDER BY virtual_shard`.pipe(unavailable)
        // Also those it had before: others may have claimed something meanwhile.
        yield* seen.cover(gained.map(({ virtualShard }) => virtualShard))
        upTo = reached
        yield* Effect.logInfo("the shard follows a newer map").pipe(
          Effect.annotateLogs({ shard, version: reached, gained: gained.length })
        )
        return true
      })

      return ShardMoves.of({
        upTo: () => upTo,
        advance: (atOnce) =>
          Effect.suspend(() => {
            const now = Date.now()
            if (!atOnce && now - lookedAt < LOOK_MS) return Effect.succeed(false)
            lookedAt = now
            return Effect.flatMap(newest, (version) =>
              version > upTo ? advance(version) : Effect.succeed(false)
            )
          })
      })
    })
  )
}
