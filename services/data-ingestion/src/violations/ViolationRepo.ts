import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"

/** Events that did not fit the schema of their project in one way. */
export interface Violations {
  readonly event: string
  readonly property: string
  readonly problem: string
  readonly events: number
  readonly lastMessage: string
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
}

/** What the loader counted of events that do not fit; at most 1000 kinds of a project. */
export class ViolationRepo extends Context.Service<
  ViolationRepo,
  {
    /** The most frequent first. */
    of(projectId: number): Effect.Effect<ReadonlyArray<Violations>, StoreUnavailable>
  }
>()("@analytics/data-ingestion/violations/ViolationRepo") {
  static readonly layer = Layer.effect(
    ViolationRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      return ViolationRepo.of({
        of: Effect.fn("ViolationRepo.of")(
          (projectId) =>
            sql<Omit<Violations, "events"> & { readonly events: bigint }>`
              SELECT event, property, problem, events, last_message, first_seen_at,
                     last_seen_at
                FROM ingest.schema_violations
               WHERE project_id = ${BigInt(projectId)}
               ORDER BY events DESC, event, property, problem
            `.pipe(
              Effect.map((rows) =>
                rows.map((row) => ({ ...row, events: Number(row.events) }))
              ),
              within("5 seconds")
            ),
          Effect.catchTag("SqlError", unavailable("schema violations"))
        )
      })
    })
  )
}
