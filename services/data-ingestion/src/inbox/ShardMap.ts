import { IdHash } from "@analytics/data-processing/IdHash"
import { virtualShard } from "@analytics/data-processing/VirtualShard"
import { Installation } from "@analytics/database/Installation"
import { sqlState } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { isSqlError, type SqlError } from "effect/sql/SqlError"
import { InboxRepo } from "./InboxRepo.ts"

/** Which loader shard messages go to, by one version of the map. */
export interface MapNow {
  /** The inbox refuses rows that were made by another version. */
  readonly version: number
  /** One number when a single shard owns everything: then no message needs hashing. */
  shardsOf(
    projectId: number,
    messageIds: ReadonlyArray<string>
  ): number | ReadonlyArray<number>
}

/** Which loader shard a message goes to. */
export class ShardMap extends Context.Service<
  ShardMap,
  {
    readonly current: () => MapNow
    /** Reads the map again; for whoever was told that it is outdated. */
    readonly refresh: Effect.Effect<void, SqlError>
  }
>()("@analytics/data-ingestion/inbox/ShardMap") {
  /** Reads the map at start, waiting for Postgres, and again every five seconds. */
  static readonly layer = Layer.effect(
    ShardMap,
    Effect.gen(function* () {
      const repo = yield* InboxRepo
      const idHash = new IdHash(Redacted.value((yield* Installation).idHashKey))
      let current: MapNow = { version: 0, shardsOf: () => 0 }
      const refresh = Effect.map(repo.shardMap, ({ shards, version }) => {
        if (version !== current.version)
          current = { version, shardsOf: by(shards, idHash) }
      })
      yield* refresh.pipe(
        Effect.tapError((error) => Effect.logWarning("no shard map yet", error)),
        Effect.retry(Schedule.spaced("1 second"))
      )
      yield* refresh.pipe(
        // The last map stays good; commits report a database that is away.
        Effect.ignore,
        Effect.repeat(Schedule.spaced("5 seconds")),
        Effect.forkScoped
      )
      return ShardMap.of({ current: () => current, refresh })
    })
  )

  /** A map that never changes. */
  static readonly layerOf = (map: MapNow) =>
    Layer.succeed(ShardMap, { current: () => map, refresh: Effect.void })
}

/** The map of an installation that was never divided. */
export const undivided: MapNow = { version: 1, shardsOf: () => 0 }

/** Assigns messages by a map: the shard of each virtual shard. */
const by = (
  map: ReadonlyArray<number>,
  idHash: Pick<IdHash, "messageWords">
): MapNow["shardsOf"] => {
  const [only = 0] = map
  if (map.every((shard) => shard === only)) return () => only
  return (projectId, messageIds) =>
    messageIds.map((id) => map[virtualShard(idHash.messageWords(projectId, id))] ?? 0)
}

/** The rows were made by an outdated map, and were not committed. */
export const isOutdatedMap = (error: unknown): boolean =>
  isSqlError(error) && sqlState(error) === "AN001"
