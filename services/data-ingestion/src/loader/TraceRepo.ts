import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { Batch } from "./Batch.ts"

/** The traces that inbox rows were written in. */
export class TraceRepo extends Context.Service<
  TraceRepo,
  {
    /** W3C `traceparent`s of rows of a batch; none when Postgres does not say. */
    ofBatch(batch: Batch, most: number): Effect.Effect<ReadonlyArray<string>>
  }
>()("@analytics/data-ingestion/loader/TraceRepo") {
  static readonly layer = Layer.effect(
    TraceRepo,
    Effect.map(SqlClient.SqlClient, (sql) =>
      TraceRepo.of({
        ofBatch: Effect.fn("TraceRepo.ofBatch")((batch, most) =>
          sql<{ traceparent: string }>`
            SELECT traceparent FROM ingest.inbox
             WHERE id = ANY(${batch.inboxIds}) AND batch_id = ${batch.batchId}
               AND received_at >= ${batch.receivedFrom}
               AND received_at <= ${batch.receivedTo}
               AND traceparent IS NOT NULL
             ORDER BY id LIMIT ${most}`.pipe(
            Effect.map((rows) => rows.map(({ traceparent }) => traceparent)),
            within("2 seconds"),
            // Loading must not depend on it.
            Effect.orElseSucceed(() => [])
          )
        )
      })
    )
  )
}
