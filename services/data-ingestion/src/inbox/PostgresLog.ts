import { hostname } from "node:os"
import { sqlState } from "@analytics/database/PostgresRetry"
import { Effect, Layer } from "effect"
import { EventLog } from "./EventLog.ts"
import { InboxPartitions } from "./InboxPartitions.ts"
import { InboxRepo } from "./InboxRepo.ts"
import { rowsOf } from "./InboxRow.ts"
import { isOutdatedMap, ShardMap } from "./ShardMap.ts"

/** A frame this large is far below what a message to Postgres may hold. */
const MAX_COMMIT_BYTES = 4 * 1024 * 1024

/** How often a commit follows a map that was changed meanwhile. */
const MAP_CHANGES = 3

/** The inbox itself: what is committed there is acknowledged. */
export const layer = Layer.effect(
  EventLog,
  Effect.gen(function* () {
    const repo = yield* InboxRepo
    const partitions = yield* InboxPartitions
    const shardMap = yield* ShardMap
    // In a container both stay the same, so that the counters do not grow without end.
    const writer = `${hostname()}:${process.pid}`
    return EventLog.of({
      maxBytes: MAX_COMMIT_BYTES,
      write: Effect.fnUntraced(
        function* (submissions, slot) {
          const rows = rowsOf(submissions, shardMap.current())
          yield* repo.commit(rows, `${writer}:${slot}`)
        },
        Effect.tapError((error) =>
          isOutdatedMap(error) ? shardMap.refresh : Effect.void
        ),
        Effect.retry({ while: isOutdatedMap, times: MAP_CHANGES }),
        // No partition for the row: somebody's clock or maintenance went wrong.
        Effect.tapError((error) =>
          sqlState(error) === "23514" ? Effect.ignore(partitions.ensure) : Effect.void
        )
      )
    })
  })
)
