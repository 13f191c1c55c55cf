import type { DirectConnection } from "@analytics/database/DirectConnection"
import { Effect } from "effect"
import { StatementFailed, unavailable } from "./MigrateError.ts"
import type { Migration } from "./Migration.ts"
import type { MigrationStore } from "./MigrationStore.ts"

/** A migration and its record are one transaction, so nothing is ever left half done. */
export const make = (connection: DirectConnection): MigrationStore => ({
  name: "postgres",
  prepare: connection
    .query(
      `CREATE TABLE IF NOT EXISTS public.schema_migrations (
         version text PRIMARY KEY,
         name text NOT NULL,
         checksum text NOT NULL,
         applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
       )`
    )
    .pipe(Effect.asVoid, Effect.mapError(unavailable("postgres"))),
  applied: connection
    .query<{ version: string; name: string; checksum: string; appliedAt: Date }>(
      `SELECT version, name, checksum, applied_at AS "appliedAt"
         FROM public.schema_migrations`
    )
    .pipe(Effect.mapError(unavailable("postgres"))),
  unfinished: Effect.succeed(undefined),
  run: Effect.fn("PostgresStore.run")(function* (migration, direction) {
    const { statements, transactional } = migration[direction]
    const failed = (statement: string) => (cause: unknown) =>
      new StatementFailed({
        store: "postgres",
        version: migration.version,
        statement,
        cause
      })
    const all = Effect.forEach(
      statements,
      (statement) =>
        connection.query(statement).pipe(Effect.mapError(failed(statement))),
      { discard: true }
    ).pipe(
      Effect.andThen(
        record(connection, migration, direction).pipe(
          Effect.mapError(unavailable("postgres"))
        )
      )
    )
    yield* transactional ? inTransaction(connection, all) : all
  })
})

const inTransaction = <A, E>(connection: DirectConnection, work: Effect.Effect<A, E>) =>
  connection.query("BEGIN").pipe(
    Effect.andThen(work),
    Effect.andThen(connection.query("COMMIT")),
    Effect.catchTag("SqlError", (cause) => Effect.fail(unavailable("postgres")(cause))),
    // Closing the session rolls back too; then this cannot and need not answer.
    Effect.onError(() => Effect.ignore(connection.query("ROLLBACK")))
  )

const record = (
  connection: DirectConnection,
  { version, name, checksum }: Migration,
  direction: "up" | "down"
) =>
  direction === "up"
    ? connection.query(
        "INSERT INTO public.schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
        [version, name, checksum]
      )
    : connection.query("DELETE FROM public.schema_migrations WHERE version = $1", [
        version
      ])
