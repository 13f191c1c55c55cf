import { virtualShard } from "@analytics/data-processing/VirtualShard"
import { Context, Effect, Layer, Schedule } from "effect"
import { InboxRepo } from "./InboxRepo.ts"

/** Which loader shard a message goes to. */
export class ShardMap extends Context.Service<
  ShardMap,
  {
    /** One number when a single shard owns everything: then no message needs hashing. */
    shardsOf(
      projectId: number,
      messages: ReadonlyArray<{ readonly m: string }>
    ): number | ReadonlyArray<number>
  }
>()("@analytics/data-ingestion/inbox/ShardMap") {
  /** Reads the map at start, waiting for Postgres, and again every five seconds. */
  static readonly layer = Layer.effect(
    ShardMap,
    Effect.gen(function* () {
      const repo = yield* InboxRepo
      let map = yield* Effect.retry(
        repo.shardMap.pipe(
          Effect.tapError((error) => Effect.logWarning("no shard map yet", error))
        ),
        Schedule.spaced("1 second")
      )
      let only = single(map)
      yield* repo.shardMap.pipe(
        Effect.andThen((fresh) =>
          Effect.sync(() => {
            map = fresh
            only = single(fresh)
          })
        ),
        // The last map stays good; commits report a database that is away.
        Effect.ignore,
        Effect.repeat(Schedule.spaced("5 seconds")),
        Effect.forkScoped
      )
      return ShardMap.of({
        shardsOf: (projectId, messages) =>
          only ?? messages.map(({ m }) => map[virtualShard(projectId, m)] ?? 0)
      })
    })
  )
}

const single = (map: ReadonlyArray<number>): number | undefined =>
  map.every((shard) => shard === map[0]) ? (map[0] ?? 0) : undefined
