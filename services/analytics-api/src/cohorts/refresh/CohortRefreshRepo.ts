import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../../ControlUnavailable.ts"
import { beginRefresh } from "./beginRefresh.ts"
import { LEASE } from "./refreshLimits.ts"
import {
  type Begun,
  type RefreshRequest,
  type UsableRefresh,
  Usables,
  Versions
} from "./refreshRows.ts"

/** Attempts to materialise cohorts, in Postgres: what queries may read, and what failed. */
export class CohortRefreshRepo extends Context.Service<
  CohortRefreshRepo,
  {
    /**
     * Begins an attempt at this watermark, unless the refresh succeeded already or one of
     * the cohort is under way. An attempt whose lease has expired is failed first.
     */
    begin(
      request: RefreshRequest,
      attempt: { readonly owner: string; readonly asOf: Date }
    ): Effect.Effect<Begun, ControlUnavailable>
    /** Keeps the lease; false once another took it, or it was broken off. */
    beat(version: string): Effect.Effect<boolean, ControlUnavailable>
    /** Lets queries as of `effectiveAt` and later use it; false as `beat`. */
    finish(
      version: string,
      end: { readonly people: number; readonly effectiveAt: Date }
    ): Effect.Effect<boolean, ControlUnavailable>
    fail(version: string, detail: string): Effect.Effect<void, ControlUnavailable>
    /** Of each cohort that allows it, the newest that a query at this watermark may use. */
    usable(
      projectId: number,
      cohorts: ReadonlyArray<string>,
      watermark: number
    ): Effect.Effect<ReadonlyArray<UsableRefresh>, ControlUnavailable>
    /** Breaks off what runs, and lets no query begin to use what there is. */
    retireAll(projectId: number): Effect.Effect<void, ControlUnavailable>
    /**
     * Lets no query begin to use what newer ones replaced before this moment, or what is of
     * another definition or a deleted cohort.
     */
    retire(projectId: number, before: Date): Effect.Effect<void, ControlUnavailable>
    /** Versions whose people nobody reads any more. */
    leftovers(
      projectId: number
    ): Effect.Effect<ReadonlyArray<string>, ControlUnavailable>
    /** Their people are gone; what was good or tried last stays to be shown. */
    swept(
      projectId: number,
      versions: ReadonlyArray<string>
    ): Effect.Effect<void, ControlUnavailable>
    ids(projectId: number): Effect.Effect<ReadonlyArray<string>, ControlUnavailable>
  }
>()("@analytics/analytics-api/cohorts/refresh/CohortRefreshRepo") {
  static readonly layer = Layer.effect(
    CohortRefreshRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const lease = sql.literal(`now() + interval '${LEASE}'`)
      const decode = <A, I>(schema: Schema.Codec<A, I>) =>
        Schema.decodeUnknownEffect(schema)
      const project = (id: number) => sql`${String(id)}::text::bigint`
      const answered = <A, R>(
        effect: Effect.Effect<A, SqlError.SqlError | Schema.SchemaError, R>
      ) => Effect.catchTags(effect, { SqlError: unavailable, SchemaError: Effect.die })

      const begin = beginRefresh(sql)

      return CohortRefreshRepo.of({
        begin: Effect.fn("CohortRefreshRepo.begin")(
          (request, attempt) => begin(request, attempt).pipe(within("10 seconds")),
          answered
        ),
        beat: Effect.fn("CohortRefreshRepo.beat")(
          (version: string) =>
            sql`
              UPDATE control.cohort_refreshes
                 SET heartbeat_at = now(), lease_until = ${lease}
               WHERE version = ${version}::uuid AND state = 'running'
              RETURNING version`.pipe(
              within("5 seconds"),
              Effect.map((rows) => rows.length > 0)
            ),
          answered
        ),
        finish: Effect.fn("CohortRefreshRepo.finish")(
          (
            version: string,
            {
              effectiveAt,
              people
            }: { readonly people: number; readonly effectiveAt: Date }
          ) =>
            sql`
              UPDATE control.cohort_refreshes
                 SET state = 'done', people = ${String(people)}::text::bigint,
                     effective_at = ${effectiveAt}, ended_at = now()
               WHERE version = ${version}::uuid AND state = 'running'
                 AND lease_until > now()
              RETURNING version`.pipe(
              within("10 seconds"),
              Effect.map((rows) => rows.length > 0)
            ),
          answered
        ),
        fail: Effect.fn("CohortRefreshRepo.fail")(
          (version: string, detail: string) =>
            sql`
              UPDATE control.cohort_refreshes
                 SET state = 'failed', ended_at = now(), failure = ${detail}
               WHERE version = ${version}::uuid AND state = 'running'`.pipe(
              within("10 seconds"),
              Effect.asVoid
            ),
          answered
        ),
        usable: Effect.fn("CohortRefreshRepo.usable")(
          (projectId: number, cohorts: ReadonlyArray<string>, watermark: number) =>
            Effect.flatMap(
              sql`
                SELECT cohort AS id, version, as_of
                  FROM (
                    SELECT DISTINCT ON (r.cohort) r.cohort, r.version, r.as_of,
                           c.max_age_seconds
                      FROM control.cohort_refreshes AS r
                      JOIN control.cohorts AS c
                        ON c.id = r.cohort AND c.project_id = r.project_id
                     WHERE r.project_id = ${project(projectId)}
                       AND r.cohort = ANY(${[...cohorts]}::uuid[])
                       AND r.state = 'done' AND r.retired_at IS NULL
                       AND r.effective_at <= ${new Date(watermark)}
                       AND r.definition_hash = md5(c.definition)
                     ORDER BY r.cohort, r.effective_at DESC, r.version) AS newest
                 WHERE as_of >= ${new Date(watermark)}::timestamptz
                                - make_interval(secs => max_age_seconds)`.pipe(
                within("5 seconds")
              ),
              decode(Usables)
            ),
          answered
        ),
        retireAll: Effect.fn("CohortRefreshRepo.retireAll")(
          (projectId: number) =>
            sql`
              UPDATE control.cohort_refreshes
                 SET retired_at = CASE WHEN state = 'done' THEN now() END,
                     ended_at = coalesce(ended_at, now()),
                     failure = CASE WHEN state = 'running' THEN ${ERASED} ELSE failure END,
                     state = CASE WHEN state = 'running' THEN 'failed' ELSE state END
               WHERE project_id = ${project(projectId)}
                 AND (state = 'running' OR (state = 'done' AND retired_at IS NULL))`.pipe(
              within("10 seconds"),
              Effect.asVoid
            ),
          answered
        ),
        retire: Effect.fn("CohortRefreshRepo.retire")(
          (projectId: number, before: Date) =>
            sql`
              UPDATE control.cohort_refreshes AS r SET retired_at = now()
               WHERE r.project_id = ${project(projectId)}
                 AND r.state = 'done' AND r.retired_at IS NULL
                 AND (NOT EXISTS (
                        SELECT 1 FROM control.cohorts AS c
                         WHERE c.id = r.cohort
                           AND md5(c.definition) = r.definition_hash)
                      OR EXISTS (
                        SELECT 1 FROM control.cohort_refreshes AS newer
                         WHERE newer.cohort = r.cohort AND newer.state = 'done'
                           AND newer.retired_at IS NULL
                           AND newer.definition_hash = r.definition_hash
                           AND newer.effective_at > r.effective_at
                           AND newer.effective_at < ${before}))`.pipe(
              within("10 seconds"),
              Effect.asVoid
            ),
          answered
        ),
        leftovers: Effect.fn("CohortRefreshRepo.leftovers")(
          (projectId: number) =>
            Effect.flatMap(
              sql`
                SELECT version FROM control.cohort_refreshes
                 WHERE project_id = ${project(projectId)} AND swept_at IS NULL
                   AND (retired_at < now() - interval '1 hour'
                        OR (state = 'failed' AND ended_at < now() - interval '1 hour')
                        OR (state = 'running'
                            AND lease_until < now() - interval '1 hour'))
                 ORDER BY started_at LIMIT 200`.pipe(within("10 seconds")),
              decode(Versions)
            ).pipe(Effect.map((rows) => rows.map(({ version }) => version))),
          answered
        ),
        swept: Effect.fn("CohortRefreshRepo.swept")(
          function* (projectId: number, versions: ReadonlyArray<string>) {
            yield* sql`
              UPDATE control.cohort_refreshes SET swept_at = now()
               WHERE version = ANY(${[...versions]}::uuid[])
                 AND project_id = ${project(projectId)}`
            yield* sql`
              DELETE FROM control.cohort_refreshes AS r
               WHERE r.project_id = ${project(projectId)} AND r.swept_at IS NOT NULL
                 AND (NOT EXISTS (SELECT 1 FROM control.cohorts AS c
                                   WHERE c.id = r.cohort)
                      OR EXISTS (
                        SELECT 1 FROM control.cohort_refreshes AS newer
                         WHERE newer.cohort = r.cohort AND newer.state = 'done'
                           AND newer.started_at > r.started_at))`
          },
          within("10 seconds"),
          answered
        ),
        ids: Effect.fn("CohortRefreshRepo.ids")(
          (projectId: number) =>
            Effect.flatMap(
              sql`
                SELECT id AS version FROM control.cohorts
                 WHERE project_id = ${project(projectId)} ORDER BY id`.pipe(
                within("5 seconds")
              ),
              decode(Versions)
            ).pipe(Effect.map((rows) => rows.map(({ version }) => version))),
          answered
        )
      })
    })
  )
}

const ERASED = "Something of the project was removed meanwhile; refresh it again."
