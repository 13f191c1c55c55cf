import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect } from "effect"
import type { Client } from "pg"
import { from as copyFrom } from "pg-copy-streams"
import { BackupRefused, type BackupUnavailable } from "./BackupError.ts"
import { linesOf } from "./Dump.ts"
import { rowsAsText } from "./dumpPostgres.ts"
import type { DumpedObject, Manifest } from "./Manifest.ts"
import { away, rowsOf } from "./PostgresSession.ts"
import { type PostgresTable, postgresTables } from "./postgresTables.ts"
import { expectSame } from "./tallyObject.ts"

const HOUR = 3_600_000

/**
 * Puts the rows of a backup into tables that are emptied first, and compares what is there
 * then with what was dumped. All in the transaction that is open on `client`.
 */
export const restorePostgres = Effect.fn("Backup.restorePostgres")(function* (
  client: Client,
  manifest: Manifest
): Effect.fn.Return<void, BackupUnavailable | BackupRefused, ObjectStore> {
  // Tables come in the order of their names, not of their references.
  yield* rowsOf(client, "SET LOCAL session_replication_role = replica")
  const tables = yield* postgresTables(client)
  const others = yield* rowsOf<{ name: string }>(
    client,
    `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name
       FROM pg_catalog.pg_tables
      WHERE tablename IN ('cluster_messages', 'cluster_replies')
         OR (schemaname = 'control' AND tablename IN ('cohort_refreshes', 'kept_results'))`
  )
  const emptied = [
    ...tables.map(({ sql }) => sql.name),
    ...others.map(({ name }) => name)
  ]
  yield* rowsOf(client, `TRUNCATE ${emptied.join(", ")}`)
  yield* dropDetached(client)
  for (const name of manifest.partitions) yield* ensurePartition(client, name)
  for (const object of manifest.objects) {
    if (object.store !== "postgres") continue
    const table = tables.find(({ name }) => name === object.table)
    if (table === undefined)
      return yield* new BackupRefused({ detail: `There is no table ${object.table}.` })
    yield* copyIn(client, table, object)
    yield* expectSame(object, rowsAsText(client, table), "What was restored")
  }
  yield* goOn(client)
})

const copyIn = Effect.fnUntraced(function* (
  client: Client,
  { sql }: PostgresTable,
  { key }: DumpedObject
) {
  const lines = yield* linesOf(key)
  yield* Effect.tryPromise({
    try: () =>
      pipeline(
        Readable.from(lines),
        client.query(copyFrom(`COPY ${sql.name} (${sql.columns}) FROM STDIN`))
      ),
    catch: away
  })
})

/** Hours that were taken off the inbox here; one of them may be in the inbox again. */
const dropDetached = Effect.fnUntraced(function* (client: Client) {
  const detached = yield* rowsOf<{ name: string }>(
    client,
    `SELECT c.relname AS name FROM pg_catalog.pg_class c
      WHERE c.relnamespace = 'ingest'::regnamespace AND c.relkind = 'r'
        AND c.relname ~ '^inbox_[0-9]{10}$' AND NOT c.relispartition`
  )
  for (const { name } of detached) yield* rowsOf(client, `DROP TABLE ingest.${name}`)
})

/** `inbox_2026112300` holds one hour. Names come from a manifest, so only such a name. */
const ensurePartition = Effect.fnUntraced(function* (client: Client, name: string) {
  const [, year, month, day, hour] =
    /^inbox_(\d{4})(\d\d)(\d\d)(\d\d)$/.exec(name) ?? []
  const from = Date.parse(`${year}-${month}-${day}T${hour}:00:00Z`)
  if (Number.isNaN(from))
    return yield* new BackupRefused({ detail: `${name} is no hour of the inbox.` })
  const [begin, end] = [from, from + HOUR].map((at) => new Date(at).toISOString())
  yield* rowsOf(
    client,
    `CREATE TABLE IF NOT EXISTS ingest.${name} PARTITION OF ingest.inbox
       FOR VALUES FROM ('${begin}') TO ('${end}')`
  )
})

/** Numbers go on where they were, no loader of before is the owner, no job still runs. */
const goOn = Effect.fnUntraced(function* (client: Client) {
  const identities = yield* rowsOf<{ sql: string }>(
    client,
    `SELECT format('SELECT setval(pg_get_serial_sequence(%L, %L), greatest(1, (SELECT max(%I) FROM %I.%I)))',
              quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname,
              a.attname, n.nspname, c.relname) AS sql
       FROM pg_catalog.pg_attribute a
       JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE a.attidentity <> '' AND c.relkind IN ('r', 'p')
        AND c.relname NOT LIKE 'cluster\\_%'`
  )
  for (const { sql } of identities) yield* rowsOf(client, sql)
  yield* rowsOf(client, "UPDATE ingest.shards SET epoch = epoch + 1, owner = NULL")
  yield* rowsOf(
    client,
    `UPDATE jobs.jobs
        SET state = 'parked', finished_at = clock_timestamp(), epoch = epoch + 1,
            error = jsonb_build_object(
              'title', 'The installation was restored from a backup',
              'detail', 'The job was open when the backup was taken. Retry it if it is still wanted.')
      WHERE state IN ('queued', 'running', 'cancelling')`
  )
})
