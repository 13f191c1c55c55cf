import type { InboxEvent } from "@analytics/data-processing/InboxEvent"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Semaphore } from "effect"
import { SqlClient } from "effect/sql"
import { StoreUnavailable, unavailable } from "../StoreUnavailable.ts"
import { findInFrame } from "./findInFrame.ts"

const MIB = 1024 * 1024

/** What is looked through for one message that is not stored yet, and how much at a time. */
const MAX_FRAMES = 1000
const MAX_BYTES = 64 * MIB
const PAGE_BYTES = 8 * MIB

/** Searches that may wait for the one that runs, in a process that has events to take. */
const MAX_WAITING = 16

const PATIENCE = "5 seconds"

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

export interface DroppedMessage {
  readonly reason: string
  readonly timestamp: number
  readonly receivedAt: number
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
    /** One that a setting of the project dropped within the last week. */
    dropped(
      projectId: number,
      messageId: string
    ): Effect.Effect<Option.Option<DroppedMessage>, StoreUnavailable>
  }
>()("@analytics/data-ingestion/receipts/ReceiptRepo") {
  static readonly layer = Layer.effect(
    ReceiptRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const clickhouse = yield* ClickHouse

      const waitingRows = (projectId: number) => sql<WaitingRow>`
        SELECT i.id, i.bytes
          FROM ingest.inbox i
          LEFT JOIN ingest.batches b ON b.batch_id = i.batch_id
         WHERE (i.batch_id IS NULL OR b.done_at IS NULL)
           AND i.project_ids @> ARRAY[${BigInt(projectId)}::bigint]
         ORDER BY i.id
         LIMIT ${MAX_FRAMES + 1}`

      /** Whether a stored event is being erased, or expires. */
      const isRemoved = Effect.fnUntraced(function* (
        projectId: number,
        row: {
          readonly idHash: string
          readonly timestamp: string
          readonly receivedAt: string
        }
      ) {
        const at = new Date(Number(row.timestamp))
        const open = yield* sql`
          SELECT 1 FROM ingest.removals
           WHERE project_id = ${BigInt(projectId)} AND done_at IS NULL
             AND requested_at >= ${new Date(Number(row.receivedAt))}
             AND (${BigInt.asIntN(64, BigInt(row.idHash))} = ANY(id_hashes)
               OR (from_at <= ${at} AND to_at > ${at}))
           LIMIT 1`.pipe(within("5 seconds"))
        return open.length > 0
      })

      const waiting = yield* Semaphore.make(1 + MAX_WAITING)
      const searching = yield* Semaphore.make(1)

      const search = Effect.fnUntraced(function* (
        projectId: number,
        messageId: string
      ) {
        const rows = yield* waitingRows(projectId).pipe(within("5 seconds"))
        const chosen = firstOf(rows)
        for (const ids of pagesOf(chosen)) {
          const frames = yield* sql<{ frame: Uint8Array }>`
            SELECT frame FROM ingest.inbox
             WHERE id = ANY(${ids}::bigint[]) ORDER BY id
          `.pipe(within("5 seconds"))
          for (const { frame } of frames) {
            const found = findInFrame(frame, projectId, messageId)
            if (found !== undefined) return Option.some(found)
            // Events that arrive meanwhile go first.
            yield* Effect.yieldNow
          }
        }
        // Not having looked everywhere is not the same as not having found it.
        return chosen.length < rows.length
          ? yield* new StoreUnavailable({
              detail: "Too many events wait to be stored to look through all of them.",
              retryAfter: 5
            })
          : Option.none()
      })

      return ReceiptRepo.of({
        stored: Effect.fn("ReceiptRepo.stored")(
          function* (projectId, messageId) {
            const [row] = yield* clickhouse.query<{
              timestamp: string
              receivedAt: string
              knownAt: string
              batchId: string
              idHash: string
            }>(
              `SELECT toUnixTimestamp64Milli(timestamp) AS timestamp,
                      toUnixTimestamp64Milli(received_at) AS receivedAt,
                      toUnixTimestamp64Milli(known_at) AS knownAt,
                      batch_id AS batchId, id_hash AS idHash
                 FROM events
                WHERE project_id = {projectId:UInt32} AND message_id = {messageId:String}
                LIMIT 1`,
              { params: { projectId, messageId } }
            )
            if (row === undefined || (yield* isRemoved(projectId, row)))
              return Option.none()
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
          (projectId, messageId) =>
            searching
              .withPermit(search(projectId, messageId))
              .pipe(
                Effect.timeoutOrElse({ duration: PATIENCE, orElse: () => busy }),
                waiting.withPermitsIfAvailable(1),
                Effect.flatMap(
                  Option.match({ onNone: () => busy, onSome: Effect.succeed })
                )
              ),
          Effect.catchTag("SqlError", unavailable("receipt"))
        ),

        dropped: Effect.fn("ReceiptRepo.dropped")(
          function* (projectId, messageId) {
            const [row] = yield* sql<{
              reason: string
              timestamp: Date
              receivedAt: Date
            }>`
              SELECT reason, timestamp, received_at
                FROM ingest.dropped
               WHERE project_id = ${BigInt(projectId)}
                 AND message_id = ${messageId}
               ORDER BY batch_id
               LIMIT 1
            `.pipe(within("5 seconds"))
            return Option.map(Option.fromUndefinedOr(row), (found) => ({
              reason: found.reason,
              timestamp: found.timestamp.getTime(),
              receivedAt: found.receivedAt.getTime()
            }))
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

const busy = new StoreUnavailable({
  detail: "Others ask for messages that are not stored yet.",
  retryAfter: 2
})

interface WaitingRow {
  readonly id: bigint
  readonly bytes: number
}

/** As many of the rows as may be looked through. */
const firstOf = (rows: ReadonlyArray<WaitingRow>): ReadonlyArray<WaitingRow> => {
  let size = 0
  return rows.filter(({ bytes }, at) => {
    size += bytes
    return at < MAX_FRAMES && (at === 0 || size <= MAX_BYTES)
  })
}

/** Ids of rows whose frames may be held at the same time. */
function* pagesOf(rows: ReadonlyArray<WaitingRow>) {
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
