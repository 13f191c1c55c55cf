import type { ClickHouseConfig } from "@analytics/config/ClickHouseConfig"
import * as ClickHouse from "@analytics/database/ClickHouse"
import { isConnectionLost } from "@analytics/database/ClickHouseError"
import * as DirectConnection from "@analytics/database/DirectConnection"
import { retryTransient, sqlState } from "@analytics/database/PostgresRetry"
import { Effect, Redacted, Schedule } from "effect"
import { unavailable } from "./MigrateError.ts"

const duplicateDatabase = ["42P04", "23505"]

/** The database that a store's URL names. */
export const databaseOf = (url: Redacted.Redacted, fallback: string): string =>
  decodeURIComponent(new URL(Redacted.value(url)).pathname.slice(1)) || fallback

/** The same server, another database. */
export const withDatabase = (url: Redacted.Redacted, database: string) => {
  const changed = new URL(Redacted.value(url))
  changed.pathname = `/${encodeURIComponent(database)}`
  return Redacted.make(changed.href)
}

/** Creates the Postgres database that the URL names, unless it is there. */
export const ensurePostgres = Effect.fn("Databases.ensurePostgres")(function* (
  url: Redacted.Redacted
) {
  const database = databaseOf(url, "postgres")
  if (yield* isThere(url)) return
  yield* Effect.scoped(
    Effect.gen(function* () {
      const connection = yield* DirectConnection.make({
        url: withDatabase(url, "postgres")
      })
      yield* connection.query(`CREATE DATABASE "${database.replaceAll('"', '""')}"`)
    })
  ).pipe(
    // Another process may be creating it, or be copying the template.
    Effect.retry({ while: (error) => sqlState(error) === "55006", times: 20 }),
    Effect.catchIf(
      (error) => duplicateDatabase.includes(sqlState(error) ?? ""),
      () => Effect.void
    ),
    retryTransient("10 seconds"),
    Effect.mapError(unavailable("postgres"))
  )
})

const isThere = (url: Redacted.Redacted) =>
  Effect.scoped(DirectConnection.make({ url })).pipe(
    Effect.as(true),
    Effect.catchIf(
      (error) => sqlState(error) === "3D000",
      () => Effect.succeed(false)
    ),
    retryTransient("10 seconds"),
    Effect.mapError(unavailable("postgres"))
  )

/** Creates the ClickHouse database that the URL names, unless it is there. */
export const ensureClickHouse = Effect.fn("Databases.ensureClickHouse")(function* (
  config: ClickHouseConfig["Service"]
) {
  const database = databaseOf(config.url, "default")
  if (database === "default") return
  yield* Effect.scoped(
    Effect.gen(function* () {
      const server = yield* ClickHouse.make({
        ...config,
        url: withDatabase(config.url, "default")
      })
      yield* server.command(
        `CREATE DATABASE IF NOT EXISTS ${ClickHouse.quoteName(database)} ${server.topology.onCluster} ENGINE = Atomic`
      )
    })
  ).pipe(
    Effect.retry({
      while: isConnectionLost,
      schedule: Schedule.spaced("250 millis").pipe(
        Schedule.upTo({ duration: "10 seconds" })
      )
    }),
    Effect.mapError(unavailable("clickhouse"))
  )
})
