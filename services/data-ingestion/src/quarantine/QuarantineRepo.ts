import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"
import { InboxRepo } from "../inbox/InboxRepo.ts"
import type { InboxRow } from "../inbox/InboxRow.ts"
import { isOutdatedMap } from "../inbox/ShardMap.ts"
import { type StoreUnavailable, unavailable } from "../StoreUnavailable.ts"

/** An event that is kept aside; `event` is its inbox line. */
export interface Kept {
  readonly id: bigint
  readonly messageId: string
  readonly reason: string
  readonly detail: string
  readonly event: string
  readonly receivedAt: Date
}

/** Events kept aside for one reason. */
export interface KeptFor {
  readonly reason: string
  readonly events: number
  readonly lastReceivedAt: Date
}

export class QuarantineRepo extends Context.Service<
  QuarantineRepo,
  {
    list(
      projectId: number,
      after: bigint,
      limit: number
    ): Effect.Effect<ReadonlyArray<Kept>, StoreUnavailable>
    /** How many there are for each reason, the most frequent first. */
    reasons(projectId: number): Effect.Effect<ReadonlyArray<KeptFor>, StoreUnavailable>
    byId(
      projectId: number,
      id: bigint
    ): Effect.Effect<Option.Option<Kept>, StoreUnavailable>
    /**
     * Moves events from quarantined to pending in one transaction, those that nobody else
     * moved before; `rowsFor` makes the inbox rows of the ones it is told, anew after
     * `refreshMap` when the shard map has changed. Answers how many.
     */
    replay(
      projectId: number,
      ids: ReadonlyArray<bigint>,
      rowsFor: (moved: ReadonlySet<bigint>) => ReadonlyArray<InboxRow>,
      refreshMap: Effect.Effect<void, SqlError>
    ): Effect.Effect<number, StoreUnavailable>
  }
>()("@analytics/data-ingestion/quarantine/QuarantineRepo") {
  static readonly layer = Layer.effect(
    QuarantineRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const inbox = yield* InboxRepo
      const columns = sql.literal("id, message_id, reason, detail, event, received_at")

      return QuarantineRepo.of({
        list: Effect.fn("QuarantineRepo.list")(
          (projectId, after, limit) =>
            sql<Kept>`
              SELECT ${columns} FROM ingest.quarantine
               WHERE project_id = ${BigInt(projectId)}
                 AND id > ${after}
                 AND replayed_at IS NULL
               ORDER BY id
               LIMIT ${limit}
            `.pipe(within("10 seconds")),
          Effect.catchTag("SqlError", unavailable("quarantine"))
        ),

        reasons: Effect.fn("QuarantineRepo.reasons")(
          (projectId) =>
            sql<Omit<KeptFor, "events"> & { readonly events: bigint }>`
              SELECT reason, count(*) AS events, max(received_at) AS last_received_at
                FROM ingest.quarantine
               WHERE project_id = ${BigInt(projectId)} AND replayed_at IS NULL
               GROUP BY reason
               ORDER BY events DESC, reason
               LIMIT 1000
            `.pipe(
              Effect.map((rows) =>
                rows.map((row) => ({ ...row, events: Number(row.events) }))
              ),
              within("10 seconds")
            ),
          Effect.catchTag("SqlError", unavailable("quarantine"))
        ),

        byId: Effect.fn("QuarantineRepo.byId")(
          (projectId, id) =>
            sql<Kept>`
              SELECT ${columns} FROM ingest.quarantine
               WHERE project_id = ${BigInt(projectId)}
                 AND id = ${id}
                 AND replayed_at IS NULL
            `.pipe(
              Effect.map(([row]) => Option.fromUndefinedOr(row)),
              within("5 seconds")
            ),
          Effect.catchTag("SqlError", unavailable("quarantine"))
        ),

        replay: Effect.fn("QuarantineRepo.replay")(
          (projectId, ids, rowsFor, refreshMap) =>
            Effect.gen(function* () {
              const moved = yield* sql<{ id: bigint; reason: string }>`
                UPDATE ingest.quarantine
                   SET replayed_at = now()
                 WHERE project_id = ${BigInt(projectId)}
                   AND id = ANY(${ids}::bigint[])
                   AND replayed_at IS NULL
                RETURNING id, reason`
              if (moved.length === 0) return 0
              const reasons = [...new Set(moved.map(({ reason }) => reason))]
              // In the order of the key, as loaders do, so that nobody waits in a circle.
              yield* sql`
                SELECT 1 FROM ingest.outcomes
                 WHERE project_id = ${BigInt(projectId)}
                   AND outcome = 'quarantined'
                   AND reason = ANY(${reasons}::text[])
                 ORDER BY reason COLLATE "C"
                   FOR UPDATE`
              yield* sql`
                UPDATE ingest.outcomes AS o
                   SET events = o.events - moved.events
                  FROM (
                    SELECT reason, count(*) AS events
                      FROM unnest(${moved.map(({ reason }) => reason)}::text[])
                        AS m (reason)
                     GROUP BY reason
                  ) AS moved
                 WHERE o.project_id = ${BigInt(projectId)}
                   AND o.outcome = 'quarantined'
                   AND o.reason = moved.reason`
              yield* inbox.requeue(rowsFor(new Set(moved.map(({ id }) => id))))
              return moved.length
            }).pipe(
              sql.withTransaction,
              within("15 seconds"),
              Effect.tapError((error) =>
                isOutdatedMap(error) ? refreshMap : Effect.void
              ),
              Effect.retry({ while: isOutdatedMap, times: 2 })
            ),
          Effect.catchTag("SqlError", unavailable("replay"))
        )
      })
    })
  )
}
