import {
  decodeLine,
  frameLines,
  type InboxEvent
} from "@analytics/data-processing/InboxEvent"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { StoreUnavailable, unavailable } from "../StoreUnavailable.ts"

/** Frames looked through for a message that is not stored yet, and their size at a time. */
const MAX_FRAMES = 1000
const PAGE_BYTES = 8 * 1024 * 1024

export interface StoredMessage {
  readonly timestamp: number
  readonly receivedAt: number
  /** When its batch was done; `undefined` while the batch is still under way. */
  readonly storedAt: number | undefined
}

export interface QuarantinedMessage {
  readonly reason: string
  readonly receivedAt: number
  readonly event: string
}

/** Where a message may be. */
export class ReceiptRepo extends Context.Service<
  ReceiptRepo,
  {
    stored(
      projectId: number,
      messageId: string
    ): Effect.Effect<Option.Option<StoredMessage>, StoreUnavailable>
    /** The first one in the inbox that no finished batch holds. */
    pending(
      projectId: number,
      messageId: string
    ): Effect.Effect<Option.Option<InboxEvent>, StoreUnavailable>
    quarantined(
      projectId: number,
      messageId: string
    ): Effect.Effect<Option.Option<QuarantinedMessage>, StoreUnavailable>
  }
>()("@analytics/data-ingestion/receipts/ReceiptRepo") {
  static readonly layer = Layer.effect(
    ReceiptRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const clickhouse = yield* ClickHouse

      const waiting = (projectId: number) => sql<{ id: bigint; bytes: number }>`
        SELECT i.id, i.bytes
          FROM ingest.inbox i
          LEFT JOIN ingest.batches b ON b.batch_id = i.batch_id
         WHERE (i.batch_id IS NULL OR b.done_at IS NULL)
           AND i.project_ids @> ARRAY[${BigInt(projectId)}::bigint]
         ORDER BY i.id
         LIMIT ${MAX_FRAMES + 1}`

      return ReceiptRepo.of({
        stored: Effect.fn("ReceiptRepo.stored")(
          function* (projectId, messageId) {
            const [row] = yield* clickhouse.query<{
              timestamp: string
              receivedAt: string
              knownAt: string
              batchId: string
            }>(
              `SELECT toUnixTimestamp64Milli(timestamp) AS timestamp,
                      toUnixTimestamp64Milli(received_at) AS receivedAt,
                      toUnixTimestamp64Milli(known_at) AS knownAt,
                      batch_id AS batchId
                 FROM events
                WHERE project_id = {projectId:UInt32} AND message_id = {messageId:String}
                LIMIT 1`,
              { params: { projectId, messageId } }
            )
            if (row === undefined) return Option.none()
            const [batch] = yield* sql<{ doneAt: Date | null }>`
              SELECT done_at FROM ingest.batches
               WHERE batch_id = ${BigInt(row.batchId)}
            `.pipe(within("5 seconds"))
            return Option.some({
              timestamp: Number(row.timestamp),
              receivedAt: Number(row.receivedAt),
              // A batch that is no longer listed was done long ago.
              storedAt:
                batch === undefined ? Number(row.knownAt) : batch.doneAt?.getTime()
            })
          },
          Effect.catchTags({
            SqlError: unavailable("receipt"),
            ClickHouseError: unavailable("receipt")
          })
        ),

        pending: Effect.fn("ReceiptRepo.pending")(
          function* (projectId, messageId) {
            const rows = yield* waiting(projectId).pipe(within("5 seconds"))
            const needle = `"m":${JSON.stringify(messageId)}`
            for (const ids of pagesOf(rows.slice(0, MAX_FRAMES))) {
              const frames = yield* sql<{ frame: Uint8Array }>`
                SELECT frame FROM ingest.inbox
                 WHERE id = ANY(${ids}::bigint[]) ORDER BY id
              `.pipe(within("5 seconds"))
              for (const { frame } of frames) {
                const found = frameLines(frame)
                  .filter((line) => line.includes(needle))
                  .map(decodeLine)
                  .find(({ m, p }) => m === messageId && p === projectId)
                if (found !== undefined) return Option.some(found)
              }
            }
            // Not having looked everywhere is not the same as not having found it.
            return rows.length > MAX_FRAMES
              ? yield* new StoreUnavailable({
                  detail:
                    "Too many events wait to be stored to look through all of them."
                })
              : Option.none()
          },
          Effect.catchTag("SqlError", unavailable("receipt"))
        ),

        quarantined: Effect.fn("ReceiptRepo.quarantined")(
          function* (projectId, messageId) {
            const [row] = yield* sql<{
              reason: string
              receivedAt: Date
              event: string
            }>`
              SELECT reason, received_at, event
                FROM ingest.quarantine
               WHERE project_id = ${BigInt(projectId)}
                 AND message_id = ${messageId}
                 AND replayed_at IS NULL
               ORDER BY id
               LIMIT 1
            `.pipe(within("5 seconds"))
            return Option.map(Option.fromUndefinedOr(row), (found) => ({
              ...found,
              receivedAt: found.receivedAt.getTime()
            }))
          },
          Effect.catchTag("SqlError", unavailable("receipt"))
        )
      })
    })
  )
}

/** Ids of rows whose frames may be held at the same time. */
function* pagesOf(rows: ReadonlyArray<{ id: bigint; bytes: number }>) {
  let ids: Array<bigint> = []
  let size = 0
  for (const { bytes, id } of rows) {
    if (ids.length > 0 && size + bytes > PAGE_BYTES) {
      yield ids
      ids = []
      size = 0
    }
    ids.push(id)
    size += bytes
  }
  if (ids.length > 0) yield ids
}
