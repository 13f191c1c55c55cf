import { fileURLToPath } from "node:url"
import { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as ClickHouse from "@analytics/database/ClickHouse"
import { withDatabase } from "@analytics/migrate/Databases"
import { upgrade } from "@analytics/migrate/Migrator"
import { Context, Effect } from "effect"
import { BackupUnavailable, reasonOf } from "./BackupError.ts"
import { openSession, rowsOf } from "./PostgresSession.ts"

const folder = fileURLToPath(new URL("../../../migrations", import.meta.url))

/**
 * Runs a program on two databases of its own beside ours, migrated and empty, which are
 * dropped when it ends and, after a crash, before the next one of that name begins.
 */
export const onScratch = Effect.fnUntraced(function* <A, E, R>(
  name: string,
  program: Effect.Effect<A, E, R>
) {
  const postgres = yield* PostgresConfig
  const clickhouse = yield* ClickHouseConfig
  const drop = Effect.scoped(
    Effect.gen(function* () {
      const session = yield* openSession(withDatabase(postgres.url, "postgres"))
      yield* rowsOf(session, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      const admin = yield* ClickHouse.make({
        ...clickhouse,
        url: withDatabase(clickhouse.url, "default")
      })
      yield* admin
        .command(`DROP DATABASE IF EXISTS ${name} ${admin.topology.onCluster} SYNC`)
        .pipe(Effect.mapError(unprepared))
    })
  )
  const place = {
    postgres: { ...postgres, url: withDatabase(postgres.url, name) },
    clickhouse: { ...clickhouse, url: withDatabase(clickhouse.url, name) }
  }
  return yield* Effect.acquireUseRelease(
    drop,
    () =>
      Effect.scoped(
        Effect.gen(function* () {
          yield* upgrade({
            folder,
            stores: ["postgres", "clickhouse"],
            patience: "1 minute"
          }).pipe(Effect.mapError(unprepared))
          const client = yield* ClickHouse.make(place.clickhouse)
          return yield* Effect.provideService(program, ClickHouse.ClickHouse, client)
        })
      ).pipe(
        Effect.provide(
          Context.make(PostgresConfig, place.postgres).pipe(
            Context.add(ClickHouseConfig, place.clickhouse)
          )
        )
      ),
    () =>
      Effect.catch(drop, (error) =>
        Effect.logWarning("a database of a restore was left behind", error)
      )
  )
})

const unprepared = (cause: unknown) =>
  new BackupUnavailable({ what: "a database to restore into", detail: reasonOf(cause) })
