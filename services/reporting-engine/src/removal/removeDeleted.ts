import { within } from "@analytics/database/PostgresRetry"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, Stream } from "effect"
import { SqlClient } from "effect/sql"
import { RunFiles } from "../files/RunFiles.ts"

/** Its schedule at batch-processor goes first, which its row asks for. */
const UNSCHEDULED = "subscriptions"
/** So long a subscription's row stays for that. */
const PATIENCE = "1 day"

/** Every table of ours that says whose its rows are. */
const tables = SqlClient.SqlClient.use(
  (sql) => sql<{ name: string }>`
    SELECT c.table_name AS name
      FROM information_schema.columns AS c
      JOIN information_schema.tables AS t USING (table_schema, table_name)
     WHERE c.table_schema = 'reports' AND c.column_name = 'project_id'
       AND t.table_type = 'BASE TABLE'
     ORDER BY c.table_name`
)

const filesOf = Effect.fnUntraced(function* (projectId: number) {
  const store = yield* ObjectStore
  yield* (yield* RunFiles).removeProject(projectId)
  yield* store
    .list(`report-deliveries/${projectId}/`)
    .pipe(Stream.runForEach(({ key }) => store.remove(key)))
})

/**
 * Removes what deleted projects have left: rows of every table, files of runs, and what
 * was delivered to the object store. Once more, it removes what was written meanwhile.
 */
export const removeDeleted = Effect.fn("Removal.removeDeleted")(function* (
  ids: ReadonlyArray<number>
) {
  if (ids.length === 0) return
  const sql = yield* SqlClient.SqlClient
  const theirs = sql`project_id = ANY(${ids.map(String)}::text[]::bigint[])`
  for (const { name } of yield* tables) {
    if (name === UNSCHEDULED)
      yield* sql`
        UPDATE reports.subscriptions
           SET removed_at = clock_timestamp(), sync_at = clock_timestamp(),
               version = version + 1
         WHERE ${theirs} AND removed_at IS NULL`.pipe(within("30 seconds"))
    const isDue =
      name === UNSCHEDULED
        ? sql.literal(`removed_at < clock_timestamp() - interval '${PATIENCE}'`)
        : sql`TRUE`
    yield* sql`
      DELETE FROM ${sql.literal(`reports.${name}`)}
       WHERE ${theirs} AND ${isDue}`.pipe(within("30 seconds"))
  }
  yield* Effect.forEach(ids, filesOf, { concurrency: 4, discard: true })
})
