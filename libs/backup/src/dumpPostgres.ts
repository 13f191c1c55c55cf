import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, type Redacted, Schema } from "effect"
import type { Client } from "pg"
import { to as copyTo } from "pg-copy-streams"
import type { BackupUnavailable } from "./BackupError.ts"
import { dump } from "./Dump.ts"
import { attemptFolder, DumpedObject, Manifest } from "./Manifest.ts"
import { openSession, rowsOf } from "./PostgresSession.ts"
import {
  type PostgresTable,
  postgresMigrations,
  postgresTables
} from "./postgresTables.ts"

/** What one snapshot of Postgres says. */
export const PostgresDump = Schema.Struct({
  /** ISO 8601, as all times here. */
  takenAt: Schema.String,
  installation: Schema.String,
  migrations: Schema.Array(Schema.String),
  partitions: Manifest.fields.partitions,
  /** Every batch sealed before has at most this `known_at`, every later one a larger. */
  sealedUpTo: Schema.String,
  /** Sealed, and not done. */
  openBatches: Schema.Array(Schema.String),
  objects: Schema.Array(DumpedObject)
})
export type PostgresDump = typeof PostgresDump.Type

/**
 * Every table as of one moment. No batch is sealed while that moment is chosen, and each
 * later one gets a `known_at` above `sealedUpTo`: so the event store can be read afterwards.
 * That bound is the floor, not the watermark: what is open may lie below it.
 */
export const dumpPostgres = Effect.fn("Backup.dumpPostgres")(function* (
  url: Redacted.Redacted,
  name: string
): Effect.fn.Return<PostgresDump, BackupUnavailable, ObjectStore> {
  return yield* Effect.scoped(
    Effect.gen(function* () {
      const turn = yield* openSession(url)
      const client = yield* openSession(url)
      yield* rowsOf(turn, "BEGIN")
      // Nothing is sealed meanwhile, so whatever becomes of us, it must not take long.
      yield* rowsOf(turn, "SET LOCAL lock_timeout = '10s'")
      yield* rowsOf(turn, "SET LOCAL statement_timeout = '20s'")
      yield* rowsOf(turn, "SET LOCAL idle_in_transaction_session_timeout = '20s'")
      yield* rowsOf(turn, "SELECT published FROM ingest.watermark FOR UPDATE")
      const [sealed] = yield* rowsOf<{ until: string }>(
        turn,
        `UPDATE ingest.watermark
              SET floor = date_trunc('milliseconds', interval '999 microseconds' + greatest(
                    floor, published, clock_timestamp(),
                    (SELECT max(known_at) FROM ingest.batches),
                    (SELECT max(known_at) FROM ingest.link_undos),
                    (SELECT max(known_at) FROM ingest.watermark_holds)))
           RETURNING to_char(floor AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS until`
      )
      const sealedUpTo = sealed?.until ?? ""
      yield* rowsOf(client, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
      const [facts] = yield* rowsOf<{ at: string; installation: string }>(
        client,
        `SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
                  (SELECT id::text FROM public.installation) AS installation`
      )
      yield* rowsOf(turn, "COMMIT")
      const open = yield* rowsOf<{ id: string }>(
        client,
        "SELECT batch_id::text AS id FROM ingest.batches WHERE done_at IS NULL ORDER BY 1"
      )
      const partitions = yield* rowsOf<{ name: string }>(
        client,
        `SELECT c.relname AS name FROM pg_catalog.pg_inherits h
             JOIN pg_catalog.pg_class c ON c.oid = h.inhrelid
            WHERE h.inhparent = 'ingest.inbox'::regclass ORDER BY 1`
      )
      const objects = yield* Effect.forEach(yield* postgresTables(client), (table) =>
        dumpTable(client, table, attemptFolder(name, sealedUpTo))
      )
      return {
        takenAt: facts?.at ?? "",
        installation: facts?.installation ?? "",
        migrations: yield* postgresMigrations(client),
        partitions: partitions.map((partition) => partition.name),
        sealedUpTo,
        openBatches: open.map(({ id }) => id),
        objects
      }
    })
  )
})

const dumpTable = (client: Client, table: PostgresTable, folder: string) =>
  dump(
    {
      store: "postgres",
      table: table.name,
      columns: table.columns,
      key: `${folder}/postgres/${table.name}.copy.zst`
    },
    rowsAsText(client, table)
  )

/** The rows of a table as COPY writes them: one line each. */
export const rowsAsText = (
  client: Client,
  { sql }: PostgresTable
): AsyncIterable<Uint8Array> =>
  client.query(copyTo(`COPY (SELECT ${sql.columns} FROM ${sql.name}) TO STDOUT`))
