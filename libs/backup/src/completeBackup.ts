import { ClickHouse } from "@analytics/database/ClickHouse"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, type Redacted, Stream } from "effect"
import type { BackupUnavailable } from "./BackupError.ts"
import { objectStoreAway } from "./Dump.ts"
import { clickhouseMigrations, clockText, LONGEST, storeAway } from "./dumpEvents.ts"
import type { PostgresDump } from "./dumpPostgres.ts"
import { type DumpedObject, folderOf, type Manifest, manifestKey } from "./Manifest.ts"
import { openSession, rowsOf } from "./PostgresSession.ts"
import { writeManifest } from "./readManifest.ts"

/**
 * Writes the manifest over what was dumped: first Postgres, then every piece of the event
 * store, which by then holds more than Postgres knew. Batches sealed since are asked for
 * last, so that none is missed: the ledger knows those that were done lately, and the events
 * of a backup that took longer than that name the others.
 */
export const completeBackup = Effect.fn("Backup.complete")(function* (
  url: Redacted.Redacted,
  name: string,
  postgres: PostgresDump,
  events: ReadonlyArray<DumpedObject>
): Effect.fn.Return<Manifest, BackupUnavailable, ClickHouse | ObjectStore> {
  const since = yield* Effect.scoped(
    Effect.flatMap(openSession(url), (client) =>
      rowsOf<{ id: string }>(
        client,
        `SELECT batch_id::text AS id FROM ingest.batches
          WHERE known_at > $1::timestamptz ORDER BY 1`,
        [postgres.sealedUpTo]
      )
    )
  )
  const stored = yield* Effect.flatMap(ClickHouse, (store) =>
    store.query<{ id: string }>(
      `SELECT DISTINCT toString(batch_id) AS id FROM events
        WHERE known_at > {until:DateTime64(6, 'UTC')} ORDER BY id`,
      {
        params: { until: clockText(postgres.sealedUpTo) },
        settings: { max_execution_time: 0 },
        timeout: LONGEST
      }
    )
  ).pipe(Effect.mapError(storeAway))
  const excluded = new Set([
    ...postgres.openBatches,
    ...[...since, ...stored].map(({ id }) => id)
  ])
  const manifest: Manifest = {
    format: 1,
    name,
    takenAt: postgres.takenAt,
    installation: postgres.installation,
    migrations: {
      postgres: postgres.migrations,
      clickhouse: yield* clickhouseMigrations
    },
    partitions: postgres.partitions,
    excludedBatches: [...excluded],
    objects: [...postgres.objects, ...events]
  }
  yield* writeManifest(manifest)
  yield* removeOthers(manifest)
  return manifest
})

/** What earlier attempts of that name left. */
const removeOthers = Effect.fnUntraced(function* ({ name, objects }: Manifest) {
  const store = yield* ObjectStore
  const own = new Set([manifestKey(name), ...objects.map(({ key }) => key)])
  yield* store.list(`${folderOf(name)}/`).pipe(
    Stream.map(({ key }) => key),
    Stream.filter((key) => !own.has(key)),
    Stream.runCollect,
    Effect.flatMap((keys) => Effect.forEach(keys, store.remove, { discard: true })),
    Effect.mapError(({ detail }) => objectStoreAway(detail))
  )
})
