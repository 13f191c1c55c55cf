import { sqlState, within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { isSqlError } from "effect/sql/SqlError"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"
import { spread } from "./spread.ts"

/** A commit that takes longer than this keeps the map as it is, for now. */
const PATIENCE = "2s"
/** How often a change of the map tries to get between commits. */
const ATTEMPTS = 5

/** One shard, and who loads it. */
interface Shard {
  readonly shard: number
  readonly virtualShards: number
  /** Host and process that took it last. */
  readonly owner: string | null
  readonly epoch: number
  /** Events that were acknowledged and are not in a batch yet. */
  readonly waiting: number
  /** Virtual shards that it got, and whose rows wait for shards that had them before. */
  readonly arriving: number
}

export interface ShardState {
  /** Of the map; grows with each change. */
  readonly version: number
  readonly shards: ReadonlyArray<Shard>
}

/** The shard map, and what changes it. */
export class ShardRepo extends Context.Service<
  ShardRepo,
  {
    readonly state: Effect.Effect<ShardState, StoreUnavailable>
    /**
     * Spreads the virtual shards over the shards 0 to `count` - 1, in one transaction, while
     * events flow: commits by the old map end before, and later ones are refused.
     */
    divide(count: number): Effect.Effect<ShardState, StoreUnavailable>
  }
>()("@analytics/data-ingestion/shards/ShardRepo") {
  static readonly layer = Layer.effect(
    ShardRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const state = Effect.gen(function* () {
        const shards = yield* sql<
          Omit<Shard, "epoch" | "waiting"> & { epoch: bigint; waiting: bigint }
        >`
          SELECT s.shard, s.owner, s.epoch,
                 (SELECT count(*)::int FROM ingest.shard_map AS m
                   WHERE m.shard = s.shard) AS virtual_shards,
                 (SELECT coalesce(sum(i.events), 0)::bigint FROM ingest.inbox AS i
                   WHERE i.shard = s.shard AND i.batch_id IS NULL) AS waiting,
                 (SELECT count(DISTINCT v.virtual_shard)::int FROM ingest.shard_moves AS v
                   WHERE v.to_shard = s.shard
                     AND EXISTS (
                       SELECT 1 FROM ingest.shard_moves AS had
                        WHERE had.virtual_shard = v.virtual_shard
                          AND had.version <= v.version AND had.from_shard <> s.shard
                          AND (EXISTS (
                                 SELECT 1 FROM ingest.inbox AS i
                                  WHERE i.shard = had.from_shard
                                    AND i.batch_id IS NULL
                                    AND i.map_version < v.version)
                            OR EXISTS (
                                 SELECT 1 FROM ingest.batches AS b
                                  WHERE b.shard = had.from_shard
                                    AND b.done_at IS NULL
                                    AND b.map_version < v.version)))) AS arriving
            FROM ingest.shards AS s
           ORDER BY s.shard`
        const [map] = yield* sql<{ version: number }>`
          SELECT version FROM ingest.shard_map_version`
        return {
          version: map?.version ?? 0,
          shards: shards.map((each) => ({
            ...each,
            epoch: Number(each.epoch),
            waiting: Number(each.waiting)
          }))
        }
      }).pipe(within("15 seconds"))

      const divide = (count: number) =>
        Effect.gen(function* () {
          // Waits for the commits under way; those that come meanwhile wait for us.
          yield* sql`SET LOCAL lock_timeout = ${sql.literal(`'${PATIENCE}'`)}`
          yield* sql`SELECT pg_advisory_xact_lock(hashtext('ingest.shard_map'))`
          const map = yield* sql<{ shard: number }>`
            SELECT shard FROM ingest.shard_map ORDER BY virtual_shard`
          const moves = spread(
            map.map(({ shard }) => shard),
            count
          )
          if (moves.length === 0) return
          yield* sql`
            INSERT INTO ingest.shards (shard)
            SELECT generate_series(0, ${count - 1}) ON CONFLICT DO NOTHING`
          yield* sql`
            WITH next AS (
              UPDATE ingest.shard_map_version SET version = version + 1
              RETURNING version
            ), moved AS (
              INSERT INTO ingest.shard_moves
                (version, virtual_shard, from_shard, to_shard)
              SELECT next.version, m.*
                FROM next, unnest(
                  ${moves.map(({ virtualShard }) => virtualShard)}::smallint[],
                  ${moves.map(({ from }) => from)}::smallint[],
                  ${moves.map(({ to }) => to)}::smallint[]) AS m
              RETURNING virtual_shard, to_shard
            )
            UPDATE ingest.shard_map AS m SET shard = moved.to_shard
              FROM moved WHERE moved.virtual_shard = m.virtual_shard`
          yield* Effect.logInfo("the shard map changed").pipe(
            Effect.annotateLogs({ shards: count, moved: moves.length })
          )
        }).pipe(
          sql.withTransaction,
          within("15 seconds"),
          Effect.retry({
            while: (error) => isSqlError(error) && sqlState(error) === "55P03",
            schedule: Schedule.spaced("500 millis"),
            times: ATTEMPTS - 1
          })
        )

      return ShardRepo.of({
        state: state.pipe(
          Effect.catchTag("SqlError", unavailable("shards")),
          Effect.withSpan("ShardRepo.state")
        ),
        divide: Effect.fn("ShardRepo.divide")(
          (count) => Effect.andThen(divide(count), state),
          Effect.catchTag("SqlError", unavailable("shards"))
        )
      })
    })
  )
}
