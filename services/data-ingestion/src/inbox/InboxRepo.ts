import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option } from "effect"
import { HttpTraceContext } from "effect/http"
import { SqlClient } from "effect/sql"
import type { SqlError } from "effect/sql/SqlError"
import { countsOf, type InboxRow } from "./InboxRow.ts"

/** How long a commit may take before its outcome counts as unknown. */
const COMMIT_TIMEOUT = "10 seconds"

/** The durable inbox in Postgres. */
export class InboxRepo extends Context.Service<
  InboxRepo,
  {
    /**
     * Makes the rows durable and counts their events as accepted, in one statement and so
     * in one transaction. `writer` must not be used by two commits at the same time, or
     * they wait for each other. After a failure it is unknown whether it happened, unless
     * it says that there is a newer shard map: then nothing did.
     */
    commit(rows: ReadonlyArray<InboxRow>, writer: string): Effect.Effect<void, SqlError>
    /** The same for events that were accepted before: they are not counted again. */
    requeue(rows: ReadonlyArray<InboxRow>): Effect.Effect<void, SqlError>
    /** Which loader shard owns each virtual shard, by its number. */
    readonly shardMap: Effect.Effect<
      { readonly version: number; readonly shards: ReadonlyArray<number> },
      SqlError
    >
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

      const traceparent = Effect.map(Effect.option(Effect.currentSpan), (span) =>
        Option.isSome(span) && span.value.sampled
          ? (HttpTraceContext.toHeaders(span.value)["traceparent"] ?? null)
          : null
      )

      return InboxRepo.of({
        // No span of its own, and the text of the statement is made once: at thousands of
        // commits a second both would show.
        commit: Effect.fnUntraced(function* (rows, writer) {
          const counts = countsOf(rows)
          const parent = yield* traceparent
          yield* sql
            .unsafe(commitStatement(rows.length), [
              writer,
              counts.map(([projectId]) => projectId),
              counts.map(([, events]) => BigInt(events)),
              ...rows.flatMap((row) => parametersOf(row, parent))
            ])
            .pipe(within(COMMIT_TIMEOUT))
        }),

        requeue: Effect.fn("InboxRepo.requeue")(function* (rows) {
          if (rows.length === 0) return
          const parent = yield* traceparent
          yield* sql.unsafe(
            insertStatement(rows.length, 0),
            rows.flatMap((row) => parametersOf(row, parent))
          )
        }),

        shardMap: sql<{ shard: number; version: number }>`
          SELECT m.shard, v.version
            FROM ingest.shard_map AS m, ingest.shard_map_version AS v
           ORDER BY m.virtual_shard
        `.pipe(
          Effect.map((rows) => ({
            version: rows[0]?.version ?? 0,
            shards: rows.map(({ shard }) => shard)
          })),
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

const columns =
  "id, shard, lane, events, bytes, project_ids, project_counts, months, traceparent, map_version, frame"
const WIDTH = 11

/** The values of a row in the order of `columns`. */
const parametersOf = (row: InboxRow, traceparent: string | null) => [
  row.id,
  row.shard,
  row.lane,
  row.events,
  row.bytes,
  row.projectIds,
  row.projectCounts,
  row.months,
  row.traceparent ?? traceparent,
  row.mapVersion,
  row.frame
]

/** An INSERT of so many rows, whose parameters follow `before` others. */
const insertStatement = (rows: number, before: number): string => {
  const tuples = Array.from({ length: rows }, (_, row) => {
    const first = before + row * WIDTH + 1
    return `(${Array.from({ length: WIDTH }, (_, at) => `$${first + at}`).join(", ")})`
  })
  return `INSERT INTO ingest.inbox (${columns}) VALUES ${tuples.join(", ")}`
}

const commitStatements = new Map<number, string>()

/** Rows and counters in one statement; $1 the writer, $2 the projects, $3 their events. */
const commitStatement = (rows: number): string => {
  const known = commitStatements.get(rows)
  if (known !== undefined) return known
  const statement = `
    WITH received AS (${insertStatement(rows, 3)})
    INSERT INTO ingest.accepted (project_id, writer, events)
    SELECT project_id, $1, events
      FROM unnest($2::bigint[], $3::bigint[]) AS counted (project_id, events)
        ON CONFLICT (project_id, writer)
        DO UPDATE SET events = accepted.events + EXCLUDED.events`
  commitStatements.set(rows, statement)
  return statement
}
