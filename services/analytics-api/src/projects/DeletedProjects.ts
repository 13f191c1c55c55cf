import { within } from "@analytics/database/PostgresRetry"
import { Effect, Layer, Schedule } from "effect"
import { SqlClient } from "effect/sql"

/** What stays of a deleted project: its id, its revoked keys, and who did what. */
const KEPT = ["projects", "keys", "audit"]

/** Every table of ours that says whose its rows are. */
const tables = SqlClient.SqlClient.use(
  (sql) => sql<{ name: string }>`
    SELECT c.table_name AS name
      FROM information_schema.columns AS c
      JOIN information_schema.tables AS t USING (table_schema, table_name)
     WHERE c.table_schema = 'control' AND c.column_name = 'project_id'
       AND t.table_type = 'BASE TABLE' AND c.table_name <> ALL(${KEPT}::text[])
     ORDER BY c.table_name`
)

/** Removes what deleted projects have left: settings, catalogue, cohorts, answers. */
export const removeLeftovers = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  for (const { name } of yield* tables)
    yield* sql`
      DELETE FROM ${sql.literal(`control.${name}`)}
       WHERE project_id IN (
         SELECT id FROM control.projects WHERE deleted_at IS NOT NULL)`.pipe(
      within("30 seconds")
    )
}).pipe(Effect.withSpan("DeletedProjects.removeLeftovers"))

/**
 * Looks every ten minutes, because what runs in the background may still write for a
 * project that was deleted meanwhile.
 */
export const layer = Layer.effectDiscard(
  removeLeftovers.pipe(
    Effect.catch((error) =>
      Effect.logWarning("leftovers of deleted projects were not removed", error)
    ),
    Effect.repeat(Schedule.spaced("10 minutes")),
    Effect.forkScoped
  )
)
