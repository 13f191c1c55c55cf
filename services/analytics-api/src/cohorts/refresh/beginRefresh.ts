import { Effect, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { GONE } from "./RefreshView.ts"
import { LEASE, MOST_FAILURES, MOST_KEPT } from "./refreshLimits.ts"
import { Attempts, Definitions, type RefreshRequest, Versions } from "./refreshRows.ts"

const decode = <A, I>(schema: Schema.Codec<A, I>) => Schema.decodeUnknownEffect(schema)

/** Begins an attempt, or says why not, in one transaction (`CohortRefreshRepo.begin`). */
export const beginRefresh = (sql: SqlClient.SqlClient) => {
  const project = (id: number) => sql`${String(id)}::text::bigint`
  const lease = sql.literal(`now() + interval '${LEASE}'`)
  return Effect.fnUntraced(function* (
    { cohortId, projectId, refreshId }: RefreshRequest,
    { asOf, owner }: { readonly owner: string; readonly asOf: Date }
  ) {
    const [cohort] = yield* Effect.flatMap(
      sql`
      SELECT definition, md5(definition) AS hash FROM control.cohorts
       WHERE id = ${cohortId}::uuid AND project_id = ${project(projectId)}
         FOR SHARE`,
      decode(Definitions)
    )
    if (cohort === undefined) return { _tag: "Missing" } as const
    yield* sql`
    UPDATE control.cohort_refreshes
       SET state = 'failed', ended_at = lease_until, failure = ${GONE}
     WHERE cohort = ${cohortId}::uuid AND state = 'running'
       AND lease_until <= now()`
    const [seen] = yield* Effect.flatMap(
      sql`
      SELECT (SELECT json_build_object('people', people, 'asOf', as_of)
                FROM control.cohort_refreshes
               WHERE cohort = ${cohortId}::uuid AND state = 'done'
                 AND refresh_id = ${refreshId}::uuid) AS done,
             (SELECT json_agg(failure ORDER BY started_at)
                FROM control.cohort_refreshes
               WHERE cohort = ${cohortId}::uuid AND state = 'failed'
                 AND refresh_id = ${refreshId}::uuid
                 AND started_at > now() - interval '10 minutes') AS failures,
             (SELECT count(*)::int FROM control.cohort_refreshes
               WHERE cohort = ${cohortId}::uuid AND swept_at IS NULL) AS kept`,
      decode(Attempts)
    )
    if (seen?.done) return { _tag: "Done", ...seen.done } as const
    const failures = seen?.failures ?? []
    if (failures.length >= MOST_FAILURES)
      return { _tag: "Refused", detail: failures.at(-1) ?? GONE } as const
    if ((seen?.kept ?? 0) >= MOST_KEPT)
      return {
        _tag: "Refused",
        detail: `${MOST_KEPT} refreshes of it are kept already; refresh it less often.`
      } as const
    const [made] = yield* Effect.flatMap(
      sql`
      INSERT INTO control.cohort_refreshes
        (version, project_id, cohort, refresh_id, definition_hash, state, owner,
         as_of, started_at, heartbeat_at, lease_until)
      VALUES (${crypto.randomUUID()}::uuid, ${project(projectId)},
              ${cohortId}::uuid, ${refreshId}::uuid, ${cohort.hash}, 'running',
              ${owner}::uuid, ${asOf}, clock_timestamp(), now(), ${lease})
      ON CONFLICT DO NOTHING RETURNING version`,
      decode(Versions)
    )
    return made === undefined
      ? ({ _tag: "Busy" } as const)
      : ({
          _tag: "Begun",
          version: made.version,
          definition: cohort.definition
        } as const)
  }, sql.withTransaction)
}
