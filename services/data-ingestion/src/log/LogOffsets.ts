import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"
import { LogTopic } from "./LogTopic.ts"

interface LogState {
  readonly kind: "postgres" | "kafka"
  /** Frames that were acknowledged and are not in the inbox yet. */
  readonly waiting: number
  /** Frames that the log removed before they were copied. */
  readonly lost: number
}

interface Offset {
  readonly partition: number
  readonly next: bigint
  readonly lost: bigint
}

const byPartition = (rows: ReadonlyArray<Offset>): ReadonlyMap<number, Offset> =>
  new Map(rows.map((row) => [row.partition, row]))

/** How far what a log holds has been copied. */
export class LogOffsets extends Context.Service<
  LogOffsets,
  { readonly state: Effect.Effect<LogState, StoreUnavailable> }
>()("@analytics/data-ingestion/log/LogOffsets") {
  /** Without a topic nothing ever waits. */
  static readonly layer = Layer.effect(
    LogOffsets,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const topic = yield* Effect.serviceOption(LogTopic)
      const copied = (name: string) =>
        sql<Offset>`
          SELECT log_partition AS partition, next_offset AS next, lost
            FROM ingest.log_offsets WHERE topic = ${name}`.pipe(within("5 seconds"))
      if (Option.isNone(topic))
        return LogOffsets.of({
          state: Effect.succeed({ kind: "postgres", waiting: 0, lost: 0 })
        })
      const { extents, name } = topic.value
      return LogOffsets.of({
        state: Effect.gen(function* () {
          const before = byPartition(yield* copied(name))
          // The end first: what is copied meanwhile is not counted as waiting.
          const ends = yield* extents
          const rows = byPartition(yield* copied(name))
          let waiting = 0n
          for (const { end, low, partition } of ends) {
            const next = rows.get(partition)?.next ?? 0n
            // One that ended before what had been copied was made anew.
            const isAnew = (before.get(partition)?.next ?? 0n) > end
            const from = next > low && !isAnew ? next : low
            if (end > from) waiting += end - from
          }
          const lost = [...rows.values()].reduce((sum, row) => sum + row.lost, 0n)
          return {
            kind: "kafka",
            waiting: Number(waiting),
            lost: Number(lost)
          } as const
        }).pipe(
          Effect.catchTags({
            SqlError: unavailable("log offsets"),
            LogUnavailable: unavailable("log offsets")
          }),
          Effect.withSpan("LogOffsets.state")
        )
      })
    })
  )
}
