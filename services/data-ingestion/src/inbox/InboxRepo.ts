import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option } from "effect"
import { HttpTraceContext } from "effect/http"
import { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"
import { countsOf, type InboxRow } from "./InboxRow.ts"

/** How long a commit may take before its outcome counts as unknown. */
const COMMIT_TIMEOUT = "10 seconds"

/** No commit is started without a row. */
type NonEmpty = readonly [Record<string, unknown>, ...Array<Record<string, unknown>>]

/** The durable inbox in Postgres. */
export class InboxRepo extends Context.Service<
  InboxRepo,
  {
    /**
     * Makes the rows durable and counts their events as accepted, in one statement and so
     * in one transaction. `writer` must not be used by two commits at the same time, or
     * they wait for each other. After a failure it is unknown whether it happened.
     */
    commit(rows: ReadonlyArray<InboxRow>, writer: string): Effect.Effect<void, SqlError>
    /** The same for events that were accepted before: they are not counted again. */
    requeue(rows: ReadonlyArray<InboxRow>): Effect.Effect<void, SqlError>
    /** Which loader shard owns each virtual shard, by its number. */
    readonly shardMap: Effect.Effect<ReadonlyArray<number>, SqlError>
    /** Which of the rows are not loaded yet. */
    unfinished(ids: ReadonlyArray<bigint>): Effect.Effect<ReadonlySet<bigint>, SqlError>
    /** Events of each project that no loader has sealed yet. */
    readonly backlog: Effect.Effect<ReadonlyMap<number, number>, SqlError>
  }
>()("@analytics/data-ingestion/inbox/InboxRepo") {
  static readonly layer = Layer.effect(
    InboxRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      const values = (rows: ReadonlyArray<InboxRow>, traceparent: string | null) =>
        sql.insert(rows.map((row) => ({ ...row, traceparent })) as unknown as NonEmpty)

      const traceparent = Effect.map(Effect.option(Effect.currentSpan), (span) =>
        Option.isSome(span) && span.value.sampled
          ? (HttpTraceContext.toHeaders(span.value)["traceparent"] ?? null)
          : null
      )

      return InboxRepo.of({
        commit: Effect.fn("InboxRepo.commit")(function* (rows, writer) {
          const counts = countsOf(rows)
          const parent = yield* traceparent
          yield* sql`
            WITH received AS (INSERT INTO ingest.inbox ${values(rows, parent)})
            INSERT INTO ingest.accepted (project_id, writer, events)
            SELECT project_id, ${writer}, events
              FROM unnest(
                ${counts.map(([projectId]) => projectId)}::bigint[],
                ${counts.map(([, events]) => BigInt(events))}::bigint[]
              ) AS counted (project_id, events)
                ON CONFLICT (project_id, writer)
                DO UPDATE SET events = accepted.events + EXCLUDED.events
          `.pipe(within(COMMIT_TIMEOUT))
        }),

        requeue: Effect.fn("InboxRepo.requeue")(function* (rows) {
          const parent = yield* traceparent
          yield* sql`INSERT INTO ingest.inbox ${values(rows, parent)}`
        }),

        shardMap: sql<{ shard: number }>`
          SELECT shard FROM ingest.shard_map ORDER BY virtual_shard
        `.pipe(
          Effect.map((rows) => rows.map(({ shard }) => shard)),
          within("5 seconds"),
          Effect.withSpan("InboxRepo.shardMap")
        ),

        unfinished: Effect.fn("InboxRepo.unfinished")(function* (ids) {
          const rows = yield* sql<{ id: bigint }>`
            SELECT i.id
              FROM ingest.inbox i
              LEFT JOIN ingest.batches b ON b.batch_id = i.batch_id
             WHERE i.id = ANY(${ids}::bigint[])
               AND b.done_at IS NULL
          `.pipe(within("5 seconds"))
          return new Set(rows.map(({ id }) => id))
        }),

        backlog: sql<{ projectId: bigint; events: bigint }>`
          SELECT c.project_id, sum(c.events)::bigint AS events
            FROM ingest.inbox i,
                 unnest(i.project_ids, i.project_counts) AS c (project_id, events)
           WHERE i.batch_id IS NULL
           GROUP BY c.project_id
        `.pipe(
          Effect.map(
            (rows) =>
              new Map(
                rows.map((row) => [Number(row.projectId), Number(row.events)] as const)
              )
          ),
          within("5 seconds"),
          Effect.withSpan("InboxRepo.backlog")
        )
      })
    })
  )
}
