import { ClickHouse } from "@analytics/database/ClickHouse"
import type { ObjectStore } from "@analytics/object-store/ObjectStore"
import { Effect, type Redacted, type Scope } from "effect"
import type { Client } from "pg"
import { BackupRefused, type BackupUnavailable } from "./BackupError.ts"
import { clickhouseMigrations, storeAway } from "./dumpEvents.ts"
import { hideRemovals } from "./hideRemovals.ts"
import type { Manifest } from "./Manifest.ts"
import { openSession, rowsOf } from "./PostgresSession.ts"
import { postgresMigrations } from "./postgresTables.ts"
import { restoreEvents } from "./restoreEvents.ts"
import { restorePostgres } from "./restorePostgres.ts"
import { restoreRemovals } from "./restoreRemovals.ts"

export interface Target {
  readonly url: Redacted.Redacted
  /** Whether what the stores hold may be replaced. Else they must be empty. */
  readonly replace: boolean
}

/**
 * Brings both stores back to the moment of a backup. They must be migrated to the versions
 * it was taken at, and nothing else may use them. Postgres is committed last: a restore that
 * was cut off is begun again.
 */
export const restore = Effect.fn("Backup.restore")(
  function* (
    manifest: Manifest,
    { replace, url }: Target
  ): Effect.fn.Return<
    void,
    BackupUnavailable | BackupRefused,
    ClickHouse | ObjectStore | Scope.Scope
  > {
    const client = yield* openSession(url)
    yield* refuseOtherVersions(client, manifest)
    if (!replace) yield* refuseFull(client)
    yield* rowsOf(client, "BEGIN")
    yield* rowsOf(client, "SET LOCAL lock_timeout = '1min'")
    yield* restorePostgres(client, manifest)
    yield* restoreEvents(manifest)
    yield* hideRemovals(client)
    // What was erased since then does not come back.
    yield* restoreRemovals(client)
    yield* rowsOf(client, "COMMIT")
  },
  (effect) => Effect.scoped(effect)
)

const refuseOtherVersions = Effect.fnUntraced(function* (
  client: Client,
  { migrations }: Manifest
) {
  const here = {
    postgres: yield* postgresMigrations(client),
    clickhouse: yield* clickhouseMigrations
  }
  for (const store of ["postgres", "clickhouse"] as const) {
    const odd = new Set(migrations[store]).symmetricDifference(new Set(here[store]))
    if (odd.size > 0)
      return yield* new BackupRefused({
        detail: `The migrations of ${store} differ (${[...odd].join(", ")}): restore with the version that took the backup, then upgrade.`
      })
  }
})

const refuseFull = Effect.fnUntraced(function* (client: Client) {
  const clickhouse = yield* ClickHouse
  const projects = yield* rowsOf(client, "SELECT 1 FROM control.projects LIMIT 1")
  const events = yield* clickhouse
    .query("SELECT 1 FROM events LIMIT 1")
    .pipe(Effect.mapError(storeAway))
  if (projects.length + events.length > 0)
    return yield* new BackupRefused({
      detail:
        "The stores are not empty. Restore into new ones, or say that these may be replaced."
    })
})
