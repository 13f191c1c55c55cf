import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"

/** Projects that are listed. */
const MOST_REMOVING = 1000

export interface Published {
  readonly watermark: Date
  /** Projects of which something is being erased or expires; null: too many to list. */
  readonly removing: ReadonlyArray<number> | null
}

/** The watermark and the inbox's age, in Postgres. */
export class WatermarkRepo extends Context.Service<
  WatermarkRepo,
  {
    /** Works out the watermark and records it as told. */
    readonly publish: Effect.Effect<Date, SqlError>
    /** The same, and what is being removed at that moment. */
    readonly told: Effect.Effect<Published, SqlError>
    /** When the oldest event that is not stored yet was received. */
    readonly oldestPending: Effect.Effect<Date | null, SqlError>
  }
>()("@analytics/data-ingestion/watermark/WatermarkRepo") {
  static readonly layer = Layer.effect(
    WatermarkRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const told = Effect.gen(function* () {
        // A crash may forget what was published last. It was not above the clock, and
        // the next seal takes the clock's time, so it still seals above it.
        yield* sql`SET LOCAL synchronous_commit = off`
        // First the row, then a new snapshot: it sees every batch sealed before.
        yield* sql`SELECT published FROM ingest.watermark FOR UPDATE`
        const [row] = yield* sql<{
          published: Date
          removing: ReadonlyArray<bigint>
        }>`
          UPDATE ingest.watermark
             SET published = greatest(published, coalesce(
                   least(
                     (SELECT min(known_at) FROM ingest.batches WHERE done_at IS NULL),
                     (SELECT min(known_at) FROM ingest.link_undos WHERE done_at IS NULL),
                     (SELECT min(known_at) FROM ingest.watermark_holds
                       WHERE expires_at > clock_timestamp())
                   ) - interval '1 millisecond',
                   date_trunc('milliseconds', clock_timestamp())))
          RETURNING published, ARRAY(
            SELECT DISTINCT project_id FROM ingest.removals
             WHERE done_at IS NULL LIMIT ${MOST_REMOVING + 1}) AS removing`
        const removing = row?.removing.map(Number) ?? []
        return {
          watermark: row?.published ?? new Date(0),
          removing: removing.length > MOST_REMOVING ? null : removing
        }
      }).pipe(
        sql.withTransaction,
        within("5 seconds"),
        Effect.withSpan("WatermarkRepo.told")
      )
      return WatermarkRepo.of({
        told,
        publish: Effect.map(told, ({ watermark }) => watermark),
        oldestPending: sql<{ oldest: Date | null }>`
          SELECT least(
            (SELECT min(received_at) FROM ingest.inbox WHERE batch_id IS NULL),
            (SELECT min(received_from) FROM ingest.batches WHERE done_at IS NULL)
          ) AS oldest`.pipe(
          Effect.map(([row]) => row?.oldest ?? null),
          within("5 seconds"),
          Effect.withSpan("WatermarkRepo.oldestPending")
        )
      })
    })
  )
}
