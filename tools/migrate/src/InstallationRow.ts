import { randomBytes } from "node:crypto"
import type { ClickHouse } from "@analytics/database/ClickHouse"
import type { DirectConnection } from "@analytics/database/DirectConnection"
import { InstallationMismatch } from "@analytics/database/Installation"
import { sqlState } from "@analytics/database/PostgresRetry"
import { Effect } from "effect"
import { unavailable } from "./MigrateError.ts"

/**
 * Refuses stores of two installations before anything is changed. ClickHouse with an
 * identity beside a Postgres without one is a lost or wrong Postgres, not a new one.
 */
export const refuseStrangers = Effect.fnUntraced(function* (
  postgres: DirectConnection,
  clickhouse: ClickHouse["Service"]
) {
  const [inPostgres, inClickHouse] = yield* both(postgres, clickhouse)
  if (typeof inClickHouse === "string" && inPostgres !== inClickHouse)
    return yield* new InstallationMismatch({
      postgres: inPostgres ?? null,
      clickhouse: inClickHouse
    })
})

/** Writes the identity where it is missing, once both stores have the table for it. */
export const ensureInstallation = Effect.fn("Migrator.ensureInstallation")(function* (
  postgres: DirectConnection,
  clickhouse: ClickHouse["Service"]
) {
  const [before, inClickHouse] = yield* both(postgres, clickhouse)
  if (before === undefined || inClickHouse === undefined) return
  if (before === null)
    yield* postgres
      .query("INSERT INTO public.installation (id_hash_key) VALUES ($1)", [
        randomBytes(16)
      ])
      .pipe(Effect.mapError(unavailable("postgres")))
  const id = before ?? (yield* postgresId(postgres))
  if (inClickHouse === null && typeof id === "string")
    yield* clickhouse
      .command("INSERT INTO installation (id) SELECT {id:UUID}", { params: { id } })
      .pipe(Effect.mapError(unavailable("clickhouse")))
})

const both = (postgres: DirectConnection, clickhouse: ClickHouse["Service"]) =>
  Effect.all([postgresId(postgres), clickhouseId(clickhouse)])

/** `undefined`: no table yet. `null`: no row yet. */
const postgresId = (postgres: DirectConnection) =>
  postgres.query<{ id: string }>("SELECT id FROM public.installation").pipe(
    Effect.map((rows) => rows[0]?.id ?? null),
    Effect.catchIf(
      (error) => sqlState(error) === "42P01",
      () => Effect.succeed(undefined)
    ),
    Effect.mapError(unavailable("postgres"))
  )

const clickhouseId = (clickhouse: ClickHouse["Service"]) =>
  clickhouse.query<{ id: string }>("SELECT id FROM installation").pipe(
    Effect.map((rows) => rows[0]?.id ?? null),
    Effect.catchIf(
      (error) => error.code === 60,
      () => Effect.succeed(undefined)
    ),
    Effect.mapError(unavailable("clickhouse"))
  )
