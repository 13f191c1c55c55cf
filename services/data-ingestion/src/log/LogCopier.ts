import { readLine } from "@analytics/data-processing/EventLine"
import { frameLines } from "@analytics/data-processing/InboxEvent"
import { monthOf } from "@analytics/data-processing/Months"
import { uniqueId } from "@analytics/data-processing/UniqueId"
import { Installation } from "@analytics/database/Installation"
import { within } from "@analytics/database/PostgresRetry"
import { exposed } from "@analytics/observability/exposed"
import { Context, Effect, Layer, Metric } from "effect"
import { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"
import type { LogUnavailable } from "../inbox/EventLog.ts"
import { InboxRepo } from "../inbox/InboxRepo.ts"
import { type InboxRow, rowsOf, type Submission } from "../inbox/InboxRow.ts"
import { isOutdatedMap, type MapNow, ShardMap } from "../inbox/ShardMap.ts"
import { frameOf, type LogFrame } from "./LogFrame.ts"
import { type Fetched, type LogMessage, LogTopic } from "./LogTopic.ts"

/** Frames of one transaction. */
const MOST_FRAMES = 100
/** Bytes of lines that are divided among shards together, as in a commit of receivers. */
const MOST_BYTES = 4 * 1024 * 1024

const copied = Metric.counter("log_frames_copied_total", {
  description: "Frames moved from the log to the inbox",
  incremental: true
})
const lost = exposed(
  Metric.counter("log_frames_lost_total", {
    description:
      "Frames that the log removed before they were copied; an alarm when it grows",
    incremental: true
  })
)
const foreign = Metric.counter("log_frames_foreign_total", {
  description: "Messages of the topic that are not frames of this installation",
  incremental: true
})

/**
 * Moves frames from a log to the inbox: rows, counts and the offset in one transaction of
 * Postgres, so that each frame becomes rows exactly once, whoever else tries the same.
 */
export class LogCopier extends Context.Service<
  LogCopier,
  {
    /** @returns the offset with which to go on */
    copy(fetched: Fetched): Effect.Effect<bigint, SqlError | LogUnavailable>
  }
>()("@analytics/data-ingestion/log/LogCopier") {
  static readonly layer = Layer.effect(
    LogCopier,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const inbox = yield* InboxRepo
      const shardMap = yield* ShardMap
      const topic = yield* LogTopic
      const { id: installation } = yield* Installation

      /** Where the partition stands, held until the transaction ends. */
      const held = Effect.fnUntraced(function* (partition: number) {
        yield* sql`
          INSERT INTO ingest.log_offsets (topic, log_partition)
          VALUES (${topic.name}, ${partition}) ON CONFLICT DO NOTHING`
        const [row] = yield* sql<{ nextOffset: bigint }>`
          SELECT next_offset FROM ingest.log_offsets
           WHERE topic = ${topic.name} AND log_partition = ${partition} FOR UPDATE`
        return row?.nextOffset ?? 0n
      })

      const moveTo = (partition: number, offset: bigint, gap: bigint) => sql`
        UPDATE ingest.log_offsets
           SET next_offset = ${offset}, lost = lost + ${gap}, copied_at = now()
         WHERE topic = ${topic.name} AND log_partition = ${partition}`

      /** Goes on where the log begins now, and says what is gone. */
      const skipLost = Effect.fnUntraced(function* (partition: number, next: bigint) {
        const extents = yield* topic.extents
        const low = extents.find((each) => each.partition === partition)?.low ?? next
        if (low <= next) return next
        // Nothing was ever copied: a log that was in use before holds what it holds.
        const gap = next === 0n ? 0n : low - next
        yield* moveTo(partition, low, gap)
        if (gap === 0n) return low
        yield* Metric.update(lost, Number(gap))
        yield* Effect.logError(
          "the log has removed frames that were acknowledged and not copied"
        ).pipe(
          Effect.annotateLogs({ topic: topic.name, partition, frames: String(gap) })
        )
        return low
      })

      /**
       * Begins anew with a log that ends before what was copied of it: somebody made
       * another of its name, or it lost its end. What is known of it is dropped again,
       * and what is new must not be skipped until it is as long as the one before.
       */
      const beginAnew = Effect.fnUntraced(function* (partition: number, next: bigint) {
        const extents = yield* topic.extents
        const extent = extents.find((each) => each.partition === partition)
        if (extent === undefined || extent.end >= next) return next
        yield* moveTo(partition, extent.low, 0n)
        yield* Effect.logError(
          "the log ends before what was copied of it; all it holds is copied again"
        ).pipe(
          Effect.annotateLogs({
            topic: topic.name,
            partition,
            copied_to: String(next),
            end: String(extent.end)
          })
        )
        return extent.low
      })

      const copyOnce = Effect.fnUntraced(function* (
        partition: number,
        from: bigint,
        messages: ReadonlyArray<LogMessage>
      ) {
        const next = yield* held(partition)
        if (from > next) return yield* skipLost(partition, next)
        const fresh = messages.filter(({ offset }) => offset >= next)
        const last = fresh.at(-1)
        if (last === undefined)
          return from < next ? yield* beginAnew(partition, next) : next
        const frames = fresh
          .map(frameOf)
          .filter((frame) => frame?.installation === installation)
          .filter((frame) => frame !== undefined)
        const rows = inboxRows(frames, shardMap.current())
        if (rows.length > 0) yield* inbox.commit(rows, `log:${topic.name}:${partition}`)
        yield* moveTo(partition, last.offset + 1n, 0n)
        yield* Metric.update(copied, frames.length)
        if (frames.length < fresh.length) {
          yield* Metric.update(foreign, fresh.length - frames.length)
          yield* Effect.logError("the topic holds messages of somebody else").pipe(
            Effect.annotateLogs({ topic: topic.name, partition })
          )
        }
        return last.offset + 1n
      })

      return LogCopier.of({
        copy: Effect.fn("LogCopier.copy")(function* ({ from, messages, partition }) {
          let next = from
          for (let at = 0; at === 0 || at < messages.length; at += MOST_FRAMES) {
            const part = messages.slice(at, at + MOST_FRAMES)
            const begin = at === 0 ? from : (part[0]?.offset ?? next)
            next = yield* sql.withTransaction(copyOnce(partition, begin, part)).pipe(
              within("30 seconds"),
              Effect.tapError((error) =>
                isOutdatedMap(error) ? shardMap.refresh : Effect.void
              ),
              Effect.retry({ while: isOutdatedMap, times: 3 })
            )
            if (next < begin) return next
          }
          return next
        })
      })
    })
  )
}

/** One row per frame while nothing is divided, else one per shard and lane. */
export const inboxRows = (
  frames: ReadonlyArray<LogFrame>,
  map: MapNow
): ReadonlyArray<InboxRow> => {
  const only = map.shardsOf(0, [])
  if (typeof only === "number")
    return frames.map(({ installation: _, ...frame }) => ({
      ...frame,
      id: uniqueId(),
      shard: only,
      mapVersion: map.version
    }))
  const rows: Array<InboxRow> = []
  let submissions: Array<Submission> = []
  let bytes = 0
  // A row may be of many frames: it goes on with the first of their traces.
  const traceparent = frames.find((frame) => frame.traceparent)?.traceparent
  const divide = () => {
    rows.push(...rowsOf(submissions, map).map((row) => ({ ...row, traceparent })))
    submissions = []
    bytes = 0
  }
  for (const frame of frames) {
    const read = submissionsOf(frame)
    if (read !== undefined) {
      if (bytes + frame.bytes > MOST_BYTES) divide()
      bytes += frame.bytes
      submissions.push(...read)
    } else {
      // What nobody can read has no duplicates: any loader may keep it aside.
      const { installation: _, ...whole } = frame
      const [shard = 0] = [map.shardsOf(0, [""])].flat()
      rows.push({ ...whole, id: uniqueId(), shard, mapVersion: map.version })
    }
  }
  divide()
  return rows
}

/** The lines of a frame by project; `undefined` if one of them cannot be read. */
const submissionsOf = (frame: LogFrame): ReadonlyArray<Submission> | undefined => {
  try {
    const lines = frameLines(frame.frame).map((line) => {
      const bytes = Buffer.from(line)
      return { line, event: readLine(bytes, 0, bytes.length).event }
    })
    return [...Map.groupBy(lines, ({ event }) => event.p)].map(
      ([projectId, own]): Submission => ({
        projectId,
        lane: frame.lane,
        messageIds: own.map(({ event }) => event.m),
        months: own.map(({ event }) => monthOf(event.t)),
        lines: own.map(({ line }) => line)
      })
    )
  } catch {
    return undefined
  }
}
