import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"
import type { Count } from "./Accounting.ts"

interface Row {
  readonly outcome: string
  readonly reason: string
  readonly events: bigint
}

/** The ledgers of acknowledged events. */
export class AccountingRepo extends Context.Service<
  AccountingRepo,
  {
    /**
     * Events by what became of them, with the pseudo-outcomes `accepted` and `pending`.
     * All of one snapshot: a batch that ends meanwhile is in one place or in the other.
     */
    counts(projectId: number): Effect.Effect<ReadonlyArray<Count>, StoreUnavailable>
    /** Events of all projects that the ledger calls stored. */
    readonly stored: Effect.Effect<number, StoreUnavailable>
  }
>()("@analytics/data-ingestion/accounting/AccountingRepo") {
  static readonly layer = Layer.effect(
    AccountingRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      return AccountingRepo.of({
        // A single statement sees a single snapshot.
        counts: Effect.fn("AccountingRepo.counts")(
          function* (projectId) {
            const id = BigInt(projectId)
            const rows = yield* sql<Row>`
              SELECT 'accepted' AS outcome, '' AS reason,
                     coalesce(sum(events), 0)::bigint AS events
                FROM ingest.accepted
               WHERE project_id = ${id}
               UNION ALL
              SELECT outcome, reason, events
                FROM ingest.outcomes
               WHERE project_id = ${id}
               UNION ALL
              SELECT 'pending', '', coalesce(sum(counted.events), 0)::bigint
                FROM (
                  SELECT project_ids, project_counts
                    FROM ingest.inbox
                   WHERE batch_id IS NULL
                   UNION ALL
                  SELECT i.project_ids, i.project_counts
                    FROM ingest.batches b
                    JOIN ingest.inbox i
                      ON i.batch_id = b.batch_id
                     AND i.id = ANY (b.inbox_ids)
                     AND i.received_at BETWEEN b.received_from AND b.received_to
                   WHERE b.done_at IS NULL
                ) AS waiting
                CROSS JOIN LATERAL
                  unnest(project_ids, project_counts) AS counted (project_id, events)
               WHERE counted.project_id = ${id}
            `.pipe(within("10 seconds"))
            return rows.map((row) => ({ ...row, events: Number(row.events) }))
          },
          Effect.catchTag("SqlError", unavailable("accounting"))
        ),

        stored: sql<{ events: bigint }>`
          SELECT coalesce(sum(events), 0)::bigint AS events
            FROM ingest.outcomes WHERE outcome = 'stored'
        `.pipe(
          Effect.map(([row]) => Number(row?.events ?? 0n)),
          within("10 seconds"),
          Effect.catchTag("SqlError", unavailable("accounting")),
          Effect.withSpan("AccountingRepo.stored")
        )
      })
    })
  )
}
