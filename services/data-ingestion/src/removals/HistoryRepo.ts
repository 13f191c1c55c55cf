import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"

/** What was once answered and is answered no more. */
export class HistoryRepo extends Context.Service<
  HistoryRepo,
  {
    /**
     * The first moment as of which answers of a project are what they were: those as of
     * earlier ones lack what was erased or has expired since. Null if nothing has.
     */
    changedAt(projectId: number): Effect.Effect<Date | null, StoreUnavailable>
  }
>()("@analytics/data-ingestion/removals/HistoryRepo") {
  static readonly layer = Layer.effect(
    HistoryRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      return HistoryRepo.of({
        // Retention removes daily, and often nothing.
        changedAt: Effect.fn("HistoryRepo.changedAt")((projectId) =>
          sql<{ changedAt: Date | null }>`
            SELECT max(known_at) AS changed_at FROM ingest.removals
             WHERE project_id = ${BigInt(projectId)}
               AND (done_at IS NULL OR EXISTS (
                 SELECT 1 FROM jsonb_each_text(counts) WHERE value::bigint > 0))`.pipe(
            Effect.map(([row]) => row?.changedAt ?? null),
            within("2 seconds"),
            Effect.catch(unavailable("history of a project"))
          )
        )
      })
    })
  )
}
