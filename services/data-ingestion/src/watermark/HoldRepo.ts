import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"

/** After so long the watermark goes on, whatever became of the change. */
const LONGEST = "30 seconds"

/** A change that takes effect at an instant which no watermark has reached. */
export interface Hold {
  readonly id: string
  readonly knownAt: Date
}

/** Changes outside of events that the watermark waits for. */
export class HoldRepo extends Context.Service<
  HoldRepo,
  {
    /** From an instant above every watermark that was told; the watermark stays below it. */
    readonly take: Effect.Effect<Hold, StoreUnavailable>
    /** @returns whether the watermark stayed below it all along */
    release(id: string): Effect.Effect<boolean, StoreUnavailable>
  }
>()("@analytics/data-ingestion/watermark/HoldRepo") {
  static readonly layer = Layer.effect(
    HoldRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      return HoldRepo.of({
        take: Effect.gen(function* () {
          // As a seal does: no watermark is told meanwhile.
          yield* sql`SELECT published FROM ingest.watermark FOR UPDATE`
          yield* sql`
            DELETE FROM ingest.watermark_holds WHERE expires_at < clock_timestamp()`
          const [hold] = yield* sql<Hold>`
            INSERT INTO ingest.watermark_holds (known_at, expires_at)
            SELECT greatest(date_trunc('milliseconds', clock_timestamp()),
                            greatest(published, floor) + interval '1 millisecond'),
                   clock_timestamp() + ${LONGEST}::interval
              FROM ingest.watermark
            RETURNING id, known_at`
          return hold ?? (yield* Effect.die("ingest.watermark has no row"))
        }).pipe(
          sql.withTransaction,
          within("5 seconds"),
          Effect.catch(unavailable("hold of the watermark")),
          Effect.withSpan("HoldRepo.take")
        ),
        release: Effect.fn("HoldRepo.release")((id) =>
          sql<{ held: boolean }>`
            DELETE FROM ingest.watermark_holds WHERE id = ${id}::uuid
            RETURNING expires_at > clock_timestamp() AS held`.pipe(
            Effect.map(([row]) => row?.held ?? false),
            within("5 seconds"),
            Effect.catch(unavailable("release of the watermark"))
          )
        )
      })
    })
  )
}
