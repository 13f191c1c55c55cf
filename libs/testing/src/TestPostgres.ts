import { fileURLToPath } from "node:url"
import { PostgresConfig } from "@analytics/config/PostgresConfig"
import * as DirectConnection from "@analytics/database/DirectConnection"
import * as Postgres from "@analytics/database/Postgres"
import { sqlState } from "@analytics/database/PostgresRetry"
import { withDatabase } from "@analytics/migrate/Databases"
import { readFolder } from "@analytics/migrate/Migration"
import * as PostgresStore from "@analytics/migrate/PostgresStore"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { postgresServer } from "./TestServers.ts"
import { testInstallation } from "./testInstallation.ts"

const folder = fileURLToPath(new URL("../../../migrations/postgres", import.meta.url))

/**
 * Makes the migrated database that every test database is copied from, unless it is there.
 * Its name tells the migrations in it, so that a changed file gives another template.
 */
export const ensureTemplate = Effect.fn("TestPostgres.ensureTemplate")(function* (
  server: string
) {
  const migrations = yield* readFolder(folder, "postgres")
  const digest = new Bun.CryptoHasher("sha256")
  for (const { checksum } of migrations) digest.update(checksum)
  const template = `analytics_template_${digest.digest("hex").slice(0, 16)}`
  const admin = yield* DirectConnection.make({ url: Redacted.make(server) })
  yield* admin.query("SELECT pg_advisory_lock(4715280903262)")
  const existing = yield* admin.query("SELECT FROM pg_database WHERE datname = $1", [
    template
  ])
  if (existing.length === 0) {
    const draft = `${template}_draft`
    yield* admin.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`)
    yield* admin.query(`CREATE DATABASE ${draft}`)
    yield* Effect.scoped(
      Effect.gen(function* () {
        const url = withDatabase(Redacted.make(server), draft)
        const connection = yield* DirectConnection.make({ url })
        const store = PostgresStore.make(connection)
        yield* store.prepare
        yield* Effect.forEach(migrations, (each) => store.run(each, "up"))
        yield* connection.query(
          "INSERT INTO public.installation (id, id_hash_key) VALUES ($1, $2)",
          [testInstallation.id, testInstallation.idHashKey]
        )
      })
    )
    // The session that migrated may still be saying goodbye.
    yield* admin.query(`ALTER DATABASE ${draft} RENAME TO ${template}`).pipe(
      Effect.retry({
        while: (error) => sqlState(error) === "55006",
        schedule: Schedule.spaced("50 millis"),
        times: 100
      })
    )
  }
  yield* admin.query("SELECT pg_advisory_unlock(4715280903262)")
  return template
}, Effect.scoped)

/** A fresh, migrated database, dropped when the layer closes. */
export const layer = Layer.effect(
  PostgresConfig,
  Effect.gen(function* () {
    const server = yield* postgresServer
    const template = yield* ensureTemplate(server)
    const name = `test_${crypto.randomUUID().replaceAll("-", "")}`
    yield* Effect.acquireRelease(
      onServer(server, `CREATE DATABASE ${name} TEMPLATE ${template}`),
      () => onServer(server, `DROP DATABASE ${name} WITH (FORCE)`).pipe(Effect.ignore)
    )
    return { url: withDatabase(Redacted.make(server), name), poolSize: 8 }
  }).pipe(Effect.withSpan("TestPostgres.layer"))
)

/** The same with the pooled client. */
export const client = Postgres.layer.pipe(Layer.provideMerge(layer))

const onServer = (server: string, sql: string) =>
  Effect.scoped(
    Effect.flatMap(
      DirectConnection.make({ url: Redacted.make(server) }),
      (connection) => connection.query(sql)
    )
  )
