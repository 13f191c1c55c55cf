import { join } from "node:path"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as ClickHouse from "@analytics/database/ClickHouse"
import * as DirectConnection from "@analytics/database/DirectConnection"
import { retryTransient } from "@analytics/database/PostgresRetry"
import { type Duration, Effect, type Scope } from "effect"
import * as ClickHouseStore from "./ClickHouseStore.ts"
import { ensureClickHouse, ensurePostgres } from "./Databases.ts"
import { ensureInstallation, refuseStrangers } from "./InstallationRow.ts"
import { HistoryConflict, type StoreName, unavailable } from "./MigrateError.ts"
import { compareVersions, type Migration, readFolder } from "./Migration.ts"
import { holding } from "./MigrationLock.ts"
import type { MigrationStore } from "./MigrationStore.ts"
import { align, type Entry, pending, revertible } from "./Plan.ts"
import * as PostgresStore from "./PostgresStore.ts"

export interface Target {
  /** Holds a folder for each store. */
  readonly folder: string
  readonly stores: ReadonlyArray<StoreName>
  /** How long to wait for another process that is migrating. */
  readonly patience: Duration.Input
}

/** A store with its files lined up against what was applied to it. */
interface Aligned {
  readonly store: MigrationStore
  readonly entries: ReadonlyArray<Entry>
}

/** One step that was taken. */
export interface Step {
  readonly store: StoreName
  readonly direction: "up" | "down"
  readonly version: string
  readonly name: string
}

/**
 * Applies what is pending, up to and including `to`, in both stores, and gives a new
 * installation its identity. Nothing is applied when any file contradicts the record or
 * the stores belong to two installations.
 */
export const upgrade = Effect.fn("Migrator.upgrade")((target: Target, to?: string) =>
  session(target, ({ aligned, postgres, clickhouse }) =>
    Effect.gen(function* () {
      yield* refuseStrangers(postgres, clickhouse)
      const steps = yield* Effect.forEach(aligned, ({ store, entries }) =>
        runAll(store, "up", pending(entries, to))
      )
      yield* ensureInstallation(postgres, clickhouse)
      return steps.flat()
    })
  )
)

/** Takes back every migration above `to`: ClickHouse first, because it depends on Postgres. */
export const downgradeTo = Effect.fn("Migrator.downgradeTo")(
  (target: Target, to: string) =>
    session(target, ({ aligned }) => revertAll(aligned, to))
)

/** Takes back the newest `steps` versions; one that both stores have counts once. */
export const downgradeBy = Effect.fn("Migrator.downgradeBy")(
  (target: Target, steps: number) =>
    session(target, ({ aligned }) => {
      const applied = aligned.flatMap(({ entries }) =>
        revertible(entries, "").map((entry) => entry.version)
      )
      const versions = [...new Set(applied)].toSorted(compareVersions)
      return revertAll(aligned, versions.at(-1 - steps) ?? "")
    })
)

/** Every file of each store, and when it was applied. */
export const history = Effect.fn("Migrator.history")((target: Target) =>
  session(target, ({ aligned }) =>
    Effect.succeed(
      aligned.map(({ store, entries }) => ({ store: store.name, entries }))
    )
  )
)

const revertAll = (aligned: ReadonlyArray<Aligned>, to: string) =>
  Effect.forEach(aligned.toReversed(), ({ store, entries }) =>
    runAll(store, "down", revertible(entries, to))
  ).pipe(Effect.map((steps) => steps.flat()))

/** Runs migrations one after the other and says so. */
export const runAll = (
  store: MigrationStore,
  direction: "up" | "down",
  migrations: ReadonlyArray<Migration>
) =>
  Effect.forEach(migrations, (migration) =>
    store.run(migration, direction).pipe(
      Effect.as<Step>({
        store: store.name,
        direction,
        version: migration.version,
        name: migration.name
      }),
      Effect.tap(() =>
        Effect.logInfo(
          `${store.name} ${direction} ${migration.version} ${migration.name}`
        )
      )
    )
  )

interface Session {
  readonly aligned: ReadonlyArray<Aligned>
  readonly postgres: DirectConnection.DirectConnection
  readonly clickhouse: ClickHouse.ClickHouse["Service"]
}

/** Connects, takes the lock, finishes what a killed run left, and lines up the files. */
const session = <A, E>(
  target: Target,
  work: (session: Session) => Effect.Effect<A, E, Scope.Scope>
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const postgresConfig = yield* PostgresConfig
      const clickhouseConfig = yield* ClickHouseConfig
      const files = yield* Effect.forEach(target.stores, (store) =>
        readFolder(join(target.folder, store), store)
      )
      yield* ensurePostgres(postgresConfig.url)
      const postgres = yield* DirectConnection.make({
        url: postgresConfig.url,
        applicationName: "analytics-migrate"
      }).pipe(retryTransient(), Effect.mapError(unavailable("postgres")))
      return yield* holding(
        postgres,
        target.patience
      )(
        Effect.gen(function* () {
          yield* ensureClickHouse(clickhouseConfig)
          const clickhouse = yield* ClickHouse.make(clickhouseConfig)
          const stores = target.stores.map((name) =>
            name === "postgres"
              ? PostgresStore.make(postgres)
              : ClickHouseStore.make(clickhouse)
          )
          const aligned = yield* Effect.forEach(stores, (store, index) =>
            open(store, files[index] ?? [])
          )
          return yield* work({ aligned, postgres, clickhouse })
        })
      )
    })
  )

const open = Effect.fnUntraced(function* (
  store: MigrationStore,
  files: ReadonlyArray<Migration>
) {
  yield* store.prepare
  const left = yield* store.unfinished
  if (left) {
    const migration = files.find((file) => file.version === left.version)
    if (migration === undefined)
      return yield* new HistoryConflict({
        store: store.name,
        version: left.version,
        reason: "a run was cut off halfway and its file is gone; bring the file back"
      })
    yield* Effect.logWarning(`finishing ${left.direction} of ${left.version}`)
    yield* store.run(migration, left.direction)
  }
  const entries = yield* Effect.fromResult(
    align(store.name, files, yield* store.applied)
  )
  return { store, entries }
})
