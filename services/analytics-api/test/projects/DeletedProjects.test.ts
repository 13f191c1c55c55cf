import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestPostgres from "@analytics/testing/TestPostgres"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { removeLeftovers } from "../../src/projects/DeletedProjects.ts"

/** What stays: the id and its keys, so that neither is given out again, and the audit. */
const STAYS = ["audit", "keys", "projects"]

/** Every table that says whose its rows are, and how many are the project's. */
const rowsByTable = Effect.fnUntraced(function* (projectId: bigint) {
  const sql = yield* SqlClient.SqlClient
  const tables = yield* sql<{ name: string; column: string }>`
    SELECT c.table_name AS name, c.column_name AS column
      FROM information_schema.columns AS c
      JOIN information_schema.tables AS t USING (table_schema, table_name)
     WHERE c.table_schema = 'control' AND t.table_type = 'BASE TABLE'
       AND (c.column_name = 'project_id'
         OR c.table_name = 'projects' AND c.column_name = 'id')`
  const counts: Record<string, number> = {}
  for (const { column, name } of tables) {
    const [row] = yield* sql<{ n: bigint }>`
      SELECT count(*) AS n FROM ${sql.literal(`control.${name}`)}
       WHERE ${sql.literal(column)} = ${projectId}`
    counts[name] = Number(row?.n)
  }
  return counts
})

const fill = Effect.fnUntraced(function* (id: bigint) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO control.projects (id, name) VALUES (${id}, 'Shop')`
  yield* sql`
    INSERT INTO control.keys (project_id, kind, prefix, hash, revision)
    VALUES (${id}, 'write', 'wk_', sha256(${String(id)}::bytea), ${id})`
  yield* sql`
    INSERT INTO control.audit (at, actor, project_id, action, status)
    VALUES (now(), 'admin', ${id}, 'query', 200)`
  yield* sql`
    INSERT INTO control.project_settings (project_id, settings) VALUES (${id}, '{}')`
  yield* sql`
    INSERT INTO control.cohorts (id, project_id, name, definition)
    VALUES (gen_random_uuid(), ${id}, 'Buyers', '{}')`
  yield* sql`
    INSERT INTO control.cohort_refreshes
      (version, project_id, cohort, refresh_id, definition_hash, state, owner, as_of,
       lease_until)
    VALUES (gen_random_uuid(), ${id}, gen_random_uuid(), gen_random_uuid(), '', 'running',
            gen_random_uuid(), now(), now())`
  yield* sql`
    WITH insight AS (
      INSERT INTO control.insights
        (id, project_id, name, description, query, chart, created_by, updated_by)
      VALUES (gen_random_uuid(), ${id}, 'Orders', '', '{}', '{}', 'k', 'k')
      RETURNING *
    ), dashboard AS (
      INSERT INTO control.dashboards
        (id, project_id, name, description, layout, created_by, updated_by)
      VALUES (gen_random_uuid(), ${id}, 'Mondays', '', '{}', 'k', 'k')
      RETURNING *
    ), version AS (
      INSERT INTO control.insight_versions
        (insight, version, project_id, name, description, query, chart, created_by)
      SELECT id, version, project_id, name, description, query, chart, created_by
        FROM insight
    ), link AS (
      INSERT INTO control.share_links
        (id, project_id, dashboard, token_hash, fixed, floor, expires_at, created_by)
      SELECT gen_random_uuid(), project_id, id, sha256(id::text::bytea), '{}', 10, now(), 'k'
        FROM dashboard
    )
    INSERT INTO control.dashboard_insights (project_id, dashboard, insight)
    SELECT ${id}, dashboard.id, insight.id FROM dashboard, insight`
  yield* sql`
    INSERT INTO control.annotations
      (id, project_id, at, text, mutes_alerts, created_by, updated_by)
    VALUES (gen_random_uuid(), ${id}, now(), 'Sale', false, 'k', 'k')`
  yield* sql`
    INSERT INTO control.query_runs (project_id, owner, expires_at)
    VALUES (${id}, gen_random_uuid(), now() + interval '1 hour')`
  yield* sql`
    INSERT INTO control.kept_results (project_id, key, watermark, told_at, result)
    VALUES (${id}, sha256(''), now(), now(), '')`
  yield* sql`
    INSERT INTO control.catalogue_events
      (project_id, name, folded, events, first_seen, last_seen)
    VALUES (${id}, 'Bought', 'bought', 1, now(), now())`
  yield* sql`
    INSERT INTO control.catalogue_properties
      (project_id, property, folded, own, events, strings, booleans, arrays, objects,
       examples)
    VALUES (${id}, 'plan', 'plan', true, 1, 1, 0, 0, 0, '{}')`
  yield* sql`
    INSERT INTO control.catalogue_event_properties (project_id, event, property, events)
    VALUES (${id}, 'Bought', 'plan', 1)`
})

describe("a deleted project", () => {
  const it = withLayer(TestPostgres.client)

  it.effect("leaves rows in no table of control but those that stay", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* fill(7n)
      yield* fill(8n)
      const before = yield* rowsByTable(7n)
      // A table that is new must be filled here, so that its rows are seen to go.
      expect(Object.entries(before).filter(([, rows]) => rows === 0)).toEqual([])
      yield* sql`UPDATE control.projects SET deleted_at = now() WHERE id = 7`
      yield* removeLeftovers
      const left = Object.entries(yield* rowsByTable(7n)).filter(([, rows]) => rows > 0)
      expect(left.map(([name]) => name).sort()).toEqual(STAYS)
      expect(yield* rowsByTable(8n)).toEqual(before)
    })
  )
})
