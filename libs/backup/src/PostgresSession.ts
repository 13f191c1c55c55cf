import { Effect, Redacted, type Scope } from "effect"
import { Client } from "pg"
import { BackupUnavailable, reasonOf } from "./BackupError.ts"

export const away = (cause: unknown) =>
  new BackupUnavailable({ what: "Postgres", detail: reasonOf(cause) })

/** One session of a driver that speaks COPY, which the pooled one does not. */
export const openSession = (
  url: Redacted.Redacted
): Effect.Effect<Client, BackupUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        const client = new Client({
          connectionString: Redacted.value(url),
          application_name: "analytics backup",
          connectionTimeoutMillis: 10_000,
          // A restore says nothing for hours while the event store is filled.
          keepAlive: true,
          keepAliveInitialDelayMillis: 10_000
        })
        // A session that ends is told by the statement it ends.
        client.on("error", () => undefined)
        await client.connect()
        // The text of a value must not depend on who asks.
        await client.query(
          "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1"
        )
        // Limits that a server sets for queries are too short for whole tables.
        await client.query(
          "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0"
        )
        return client
      },
      catch: away
    }),
    (client) => Effect.promise(() => client.end().catch(() => undefined))
  )

/** Rows of one statement. */
export const rowsOf = <Row extends Record<string, unknown>>(
  client: Client,
  sql: string,
  params: ReadonlyArray<unknown> = []
): Effect.Effect<ReadonlyArray<Row>, BackupUnavailable> =>
  Effect.tryPromise({
    try: () => client.query<Row>(sql, [...params]).then(({ rows }) => rows),
    catch: away
  })
