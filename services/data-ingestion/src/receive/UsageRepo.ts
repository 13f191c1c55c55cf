import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"

export interface Usage {
  /** When the month of UTC ends, in milliseconds. */
  readonly monthEnds: number
  /** Events accepted in it, by project. */
  readonly events: ReadonlyMap<number, number>
}

/** How many events projects have had in a calendar month of UTC. */
export class UsageRepo extends Context.Service<
  UsageRepo,
  {
    /**
     * The month's use of these projects. The first call in a month notes where every
     * project stands, so that taking events in costs nothing more.
     */
    thisMonth(projectIds: ReadonlyArray<number>): Effect.Effect<Usage, SqlError>
  }
>()("@analytics/data-ingestion/receive/UsageRepo") {
  static readonly layer = Layer.effect(
    UsageRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      let begun = ""

      const begin = (month: string) =>
        sql`
          INSERT INTO ingest.month_starts (month, project_id, events)
          SELECT ${month}::date, project_id, events
            FROM (
              SELECT project_id, sum(events)::bigint AS events
                FROM ingest.accepted GROUP BY project_id
               UNION ALL
              SELECT 0, 0
            ) AS standing
           WHERE NOT EXISTS (
             SELECT 1 FROM ingest.month_starts
              WHERE month = ${month}::date AND project_id = 0)
           ORDER BY project_id
              ON CONFLICT DO NOTHING`.pipe(Effect.asVoid)

      return UsageRepo.of({
        thisMonth: Effect.fn("UsageRepo.thisMonth")(function* (projectIds) {
          const [clock] = yield* sql<{ month: string; ends: Date }>`
            SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC'), 'YYYY-MM-DD')
                     AS month,
                   (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month')
                     AT TIME ZONE 'UTC' AS ends`.pipe(within("5 seconds"))
          const month = clock?.month ?? ""
          if (month !== begun) {
            yield* begin(month).pipe(within("10 seconds"))
            begun = month
          }
          const rows =
            projectIds.length === 0
              ? []
              : yield* sql<{ projectId: bigint; events: bigint }>`
                  SELECT a.project_id,
                         (sum(a.events) - coalesce(max(s.events), 0))::bigint AS events
                    FROM ingest.accepted AS a
                    LEFT JOIN ingest.month_starts AS s
                      ON s.project_id = a.project_id AND s.month = ${month}::date
                   WHERE a.project_id = ANY(${projectIds.map(BigInt)}::bigint[])
                   GROUP BY a.project_id`.pipe(within("5 seconds"))
          return {
            monthEnds: clock?.ends.getTime() ?? 0,
            events: new Map(
              rows.map((row) => [Number(row.projectId), Number(row.events)] as const)
            )
          }
        })
      })
    })
  )
}
