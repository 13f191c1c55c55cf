import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type LedgerUnavailable, unavailable } from "../loader/LoaderErrors.ts"

/** Tables of the ledger that outlive a project: they hold counts, and nobody's data. */
const KEPT = ["accepted", "outcomes", "purges", "month_starts"]

/** Rows removed by one statement. */
const CHUNK = 10_000

/** What of a deleted project is in Postgres. */
export class PurgeRepo extends Context.Service<
  PurgeRepo,
  {
    /**
     * Notes that projects were deleted. It takes its turn with seals, so that each batch
     * either knows of it or was sealed before `requested_at`.
     */
    register(projectIds: ReadonlyArray<number>): Effect.Effect<void, LedgerUnavailable>
    /** Projects of which all that was begun before their deletion is done. */
    readonly due: Effect.Effect<ReadonlyArray<number>, LedgerUnavailable>
    /** Milliseconds since a removal was completed; `undefined` if none ever was. */
    readonly sinceLast: Effect.Effect<number | undefined, LedgerUnavailable>
    /** Notes that the event store is told to remove them now. */
    begin(projectIds: ReadonlyArray<number>): Effect.Effect<void, LedgerUnavailable>
    /**
     * Removes what is left of a project whose events are gone, and moves its events from
     * stored and quarantined to erased. Answers how many, or `undefined` if that was done.
     */
    settle(projectId: number): Effect.Effect<bigint | undefined, LedgerUnavailable>
  }
>()("@analytics/data-ingestion/purge/PurgeRepo") {
  static readonly layer = Layer.effect(
    PurgeRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient

      /**
       * Chunk by chunk, so that no statement holds locks for long, until a look finds
       * nothing: a row that somebody changes meanwhile is left out by the chunk.
       */
      const empty = (table: string, projectId: bigint) => {
        const name = sql.literal(`ingest.${table}`)
        const chunk = sql`
          DELETE FROM ${name} WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM ${name} WHERE project_id = ${projectId} LIMIT ${CHUNK}))`
        const left = sql`SELECT 1 FROM ${name} WHERE project_id = ${projectId} LIMIT 1`
        return Effect.andThen(unavailable(chunk), unavailable(left)).pipe(
          Effect.repeat({ while: (rows) => rows.length > 0 })
        )
      }

      const tables = sql<{ name: string }>`
        SELECT c.table_name AS name
          FROM information_schema.columns AS c
          JOIN information_schema.tables AS t USING (table_schema, table_name)
         WHERE c.table_schema = 'ingest' AND c.column_name = 'project_id'
           AND t.table_type = 'BASE TABLE' AND c.table_name <> ALL(${KEPT}::text[])
         ORDER BY c.table_name`.pipe(unavailable)

      return PurgeRepo.of({
        register: Effect.fn("PurgeRepo.register")((projectIds) => {
          const ids = projectIds.map(BigInt)
          return Effect.gen(function* () {
            const known = yield* sql<{ projectId: bigint }>`
              SELECT project_id FROM ingest.purges
               WHERE project_id = ANY(${ids}::bigint[])`
            if (known.length === new Set(ids).size) return
            yield* sql`SELECT published FROM ingest.watermark FOR UPDATE`
            yield* sql`
              INSERT INTO ingest.purges (project_id)
              SELECT DISTINCT id FROM unnest(${ids}::bigint[]) AS deleted (id) ORDER BY id
                  ON CONFLICT DO NOTHING`
          }).pipe(sql.withTransaction, unavailable)
        }),

        due: sql<{ projectId: bigint }>`
          SELECT project_id FROM ingest.purges AS p
           WHERE done_at IS NULL
             AND NOT EXISTS (
               SELECT 1 FROM ingest.batches AS b
                WHERE b.done_at IS NULL AND b.sealed_at <= p.requested_at)
             AND NOT EXISTS (
               SELECT 1 FROM ingest.link_undos AS u
                WHERE u.done_at IS NULL AND u.project_id = p.project_id)
           ORDER BY project_id
           LIMIT 1000`.pipe(
          Effect.map((rows) => rows.map(({ projectId }) => Number(projectId))),
          unavailable,
          Effect.withSpan("PurgeRepo.due")
        ),

        sinceLast: sql<{ ms: bigint | null }>`
          SELECT (extract(epoch FROM clock_timestamp() - max(done_at)) * 1000)::bigint AS ms
            FROM ingest.purges`.pipe(
          Effect.map(([row]) => (row?.ms == null ? undefined : Number(row.ms))),
          unavailable,
          Effect.withSpan("PurgeRepo.sinceLast")
        ),

        begin: Effect.fn("PurgeRepo.begin")((projectIds) =>
          sql`
            UPDATE ingest.purges SET removed_at = clock_timestamp()
             WHERE project_id = ANY(${projectIds.map(BigInt)}::bigint[])`.pipe(
            unavailable,
            Effect.asVoid
          )
        ),

        settle: Effect.fn("PurgeRepo.settle")(function* (projectId) {
          const id = BigInt(projectId)
          for (const { name } of yield* tables) yield* empty(name, id)
          return yield* Effect.gen(function* () {
            const open = yield* sql`
              SELECT 1 FROM ingest.purges
               WHERE project_id = ${id} AND done_at IS NULL FOR UPDATE`
            if (open.length === 0) return undefined
            const held = yield* sql<{ events: bigint }>`
              DELETE FROM ingest.outcomes
               WHERE project_id = ${id} AND outcome IN ('stored', 'quarantined')
              RETURNING events`
            const erased = held.reduce((sum, { events }) => sum + events, 0n)
            if (erased > 0n)
              yield* sql`
                INSERT INTO ingest.outcomes AS o (project_id, outcome, events)
                VALUES (${id}, 'erased', ${erased})
                    ON CONFLICT (project_id, outcome, reason)
                    DO UPDATE SET events = o.events + excluded.events`
            yield* sql`
              UPDATE ingest.purges SET done_at = clock_timestamp(), events = ${erased}
               WHERE project_id = ${id}`
            return erased
          }).pipe(sql.withTransaction, unavailable)
        })
      })
    })
  )
}
