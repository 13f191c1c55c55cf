import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"

/** Of finished queries of one project; older ones make room. */
const KEPT_OF_PROJECT = 100
/** A process that said nothing for so long is gone. */
const SILENCE = "30 seconds"

/** As it is stored: its state, and compressed JSON if it has finished. */
export type StoredRun =
  | { readonly state: "running"; readonly elapsedMs: number }
  | { readonly state: "interrupted" }
  | { readonly state: "answered" | "failed"; readonly body: Uint8Array }

const Row = Schema.Struct({
  state: Schema.Literals(["running", "interrupted", "answered", "failed"]),
  elapsedMs: Schema.Finite,
  body: Schema.NullOr(Schema.instanceOf(Uint8Array))
})

/** Queries that nobody waits for, with their answers. */
export class QueryRunsRepo extends Context.Service<
  QueryRunsRepo,
  {
    /** None when as many of the project run as may. */
    insert(run: {
      readonly projectId: number
      readonly owner: string
      readonly mostRunning: number
      readonly keptSeconds: number
    }): Effect.Effect<Option.Option<string>, ControlUnavailable>
    find(
      projectId: number,
      id: string
    ): Effect.Effect<Option.Option<StoredRun>, ControlUnavailable>
    /** Whether there was such a run. */
    remove(projectId: number, id: string): Effect.Effect<boolean, ControlUnavailable>
    finish(
      id: string,
      owner: string,
      end: { readonly answer: Uint8Array } | { readonly problem: Uint8Array },
      keptSeconds: number
    ): Effect.Effect<void, ControlUnavailable>
    /** Says that the owner lives; which of these runs are still wanted. */
    beat(
      owner: string,
      ids: ReadonlyArray<string>
    ): Effect.Effect<ReadonlyArray<string>, ControlUnavailable>
    readonly removeExpired: Effect.Effect<void, ControlUnavailable>
  }
>()("@analytics/analytics-api/query/QueryRunsRepo") {
  static readonly layer = Layer.effect(
    QueryRunsRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const alive = sql.literal(
        `finished_at IS NULL AND heartbeat_at > now() - interval '${SILENCE}'`
      )
      const Ids = Schema.Array(Schema.Struct({ id: Schema.String }))
      const idsOf = Schema.decodeUnknownEffect(Ids)
      const rowsOf = Schema.decodeUnknownEffect(Schema.Array(Row))

      return QueryRunsRepo.of({
        insert: Effect.fn("QueryRunsRepo.insert")(
          function* ({ keptSeconds, mostRunning, owner, projectId }) {
            const rows = yield* Effect.gen(function* () {
              // One at a time for each project, or two could both see a free place.
              yield* sql`SELECT pg_advisory_xact_lock(${LOCKS}::int, hashint8(${String(projectId)}::text::bigint))`
              yield* sql`
                DELETE FROM control.query_runs
                 WHERE id IN (SELECT id FROM control.query_runs
                               WHERE project_id = ${String(projectId)}::text::bigint
                                 AND finished_at IS NOT NULL
                               ORDER BY created_at DESC
                              OFFSET ${KEPT_OF_PROJECT - 1})`
              return yield* sql`
                INSERT INTO control.query_runs (project_id, owner, expires_at)
                SELECT ${String(projectId)}::text::bigint, ${owner}::uuid,
                       now() + make_interval(secs => ${keptSeconds}::float8)
                 WHERE (SELECT count(*) FROM control.query_runs
                         WHERE project_id = ${String(projectId)}::text::bigint
                           AND ${alive}) < ${mostRunning}::int
                RETURNING id`
            }).pipe(sql.withTransaction, within("5 seconds"))
            const [row] = yield* idsOf(rows)
            return Option.fromUndefinedOr(row?.id)
          },
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        find: Effect.fn("QueryRunsRepo.find")(
          function* (projectId: number, id: string) {
            const rows = yield* sql`
              SELECT CASE WHEN answer IS NOT NULL THEN 'answered'
                          WHEN problem IS NOT NULL THEN 'failed'
                          WHEN ${alive} THEN 'running'
                          ELSE 'interrupted' END AS state,
                     coalesce(answer, problem) AS body,
                     (extract(epoch FROM now() - created_at) * 1000)::float8
                       AS elapsed_ms
                FROM control.query_runs
               WHERE id = ${id}::uuid
                 AND project_id = ${String(projectId)}::text::bigint
                 AND expires_at > now()`.pipe(within("10 seconds"))
            const [row] = yield* rowsOf(rows)
            return Option.map(Option.fromUndefinedOr(row), stored)
          },
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        remove: Effect.fn("QueryRunsRepo.remove")(
          (projectId: number, id: string) =>
            sql`
              DELETE FROM control.query_runs
               WHERE id = ${id}::uuid
                 AND project_id = ${String(projectId)}::text::bigint
                 AND expires_at > now()
              RETURNING id`.pipe(
              within("5 seconds"),
              Effect.map((rows) => rows.length > 0)
            ),
          Effect.catchTag("SqlError", unavailable)
        ),
        finish: Effect.fn("QueryRunsRepo.finish")(
          (id: string, owner: string, end, keptSeconds: number) =>
            sql`
              UPDATE control.query_runs
                 SET finished_at = now(),
                     expires_at = now() + make_interval(secs => ${keptSeconds}::float8),
                     answer = ${"answer" in end ? end.answer : null}::bytea,
                     problem = ${"problem" in end ? end.problem : null}::bytea
               WHERE id = ${id}::uuid AND owner = ${owner}::uuid`.pipe(
              within("10 seconds"),
              Effect.asVoid
            ),
          Effect.catchTag("SqlError", unavailable)
        ),
        beat: Effect.fn("QueryRunsRepo.beat")(
          (owner: string, ids: ReadonlyArray<string>) =>
            sql`
              UPDATE control.query_runs
                 SET heartbeat_at = now()
               WHERE id = ANY(${ids}::uuid[]) AND owner = ${owner}::uuid
              RETURNING id`.pipe(
              within("5 seconds"),
              Effect.flatMap(idsOf),
              Effect.map((rows) => rows.map(({ id }) => id))
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        removeExpired: sql`
          DELETE FROM control.query_runs WHERE expires_at < now()`.pipe(
          within("30 seconds"),
          Effect.asVoid,
          Effect.catchTag("SqlError", unavailable),
          Effect.withSpan("QueryRunsRepo.removeExpired")
        )
      })
    })
  )
}

/** Distinguishes these advisory locks from others. */
const LOCKS = 7101

const stored = ({ body, elapsedMs, state }: typeof Row.Type): StoredRun => {
  if (state === "running") return { state, elapsedMs }
  return state === "interrupted" || body === null
    ? { state: "interrupted" }
    : { state, body }
}
