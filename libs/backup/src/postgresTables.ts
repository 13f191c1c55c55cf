import { Effect } from "effect"
import type { Client } from "pg"
import { rowsOf } from "./PostgresSession.ts"

export interface PostgresTable {
  /** `control.projects` */
  readonly name: string
  readonly columns: ReadonlyArray<string>
  /** Its name and columns as SQL. */
  readonly sql: { readonly name: string; readonly columns: string }
}

/**
 * Every table of ours, a partitioned one as one. Left out are the record of migrations,
 * which the place of a restore has its own of; what the job engine keeps, because a
 * workflow does not outlive its stores; hours of the inbox that were taken off, which
 * hold only what is stored; refreshes of cohorts, whose people are left out, too; and kept
 * answers of saved questions, which may not be those of what is restored.
 */
export const postgresTables = Effect.fnUntraced(function* (client: Client) {
  const rows = yield* rowsOf<{ schema: string; table: string; columns: string[] }>(
    client,
    `SELECT n.nspname AS schema, c.relname AS "table",
            array_agg(a.attname::text ORDER BY a.attnum) AS columns
       FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname NOT LIKE 'pg\\_%'
        AND c.relname <> 'schema_migrations' AND c.relname NOT LIKE 'cluster\\_%'
        AND NOT (n.nspname = 'control' AND c.relname IN ('cohort_refreshes', 'kept_results'))
        AND NOT (n.nspname = 'ingest' AND c.relname ~ '^inbox_[0-9]{10}$')
        AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
      GROUP BY 1, 2 ORDER BY 1, 2`
  )
  return rows.map(
    ({ columns, schema, table }): PostgresTable => ({
      name: `${schema}.${table}`,
      columns,
      sql: {
        name: `${quoted(schema)}.${quoted(table)}`,
        columns: columns.map(quoted).join(", ")
      }
    })
  )
})

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** Versions of the migrations that were applied, in their order. */
export const postgresMigrations = (client: Client) =>
  rowsOf<{ version: string }>(
    client,
    "SELECT version FROM public.schema_migrations ORDER BY version"
  ).pipe(Effect.map((rows) => rows.map(({ version }) => version)))
