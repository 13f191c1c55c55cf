import { Context, Effect, Layer, Redacted, Schedule, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { ClickHouse } from "./ClickHouse.ts"
import { sqlState } from "./PostgresRetry.ts"

/** The two stores do not belong together, or were never prepared. */
export class InstallationMismatch extends Schema.TaggedError<InstallationMismatch>()(
  "InstallationMismatch",
  {
    /** The id each store holds; `null` where it holds none. */
    postgres: Schema.NullOr(Schema.String),
    clickhouse: Schema.NullOr(Schema.String)
  }
) {
  override get message() {
    const { postgres, clickhouse } = this
    return postgres === null || clickhouse === null
      ? `not migrated: Postgres holds installation ${postgres ?? "none"}, ClickHouse ${clickhouse ?? "none"}; run the migrations`
      : `Postgres belongs to installation ${postgres}, ClickHouse to ${clickhouse}: check DATABASE_URL and CLICKHOUSE_URL, nothing was changed`
  }
}

/** A store could not be asked who it is. */
export class InstallationUnavailable extends Schema.TaggedError<InstallationUnavailable>()(
  "InstallationUnavailable",
  { store: Schema.Literals(["postgres", "clickhouse"]), cause: Schema.Defect() }
) {}

const Row = Schema.Struct({
  id: Schema.String,
  idHashKey: Schema.Uint8Array
})

/**
 * Who this installation is: read once at start from both stores, which must agree.
 *
 * A Postgres restored from elsewhere reissues ids that ClickHouse has already stored under,
 * so a service with stores that differ must not start.
 */
export class Installation extends Context.Service<
  Installation,
  {
    readonly id: string
    /** 16 bytes: the key of every id hash. */
    readonly idHashKey: Redacted.Redacted<Uint8Array>
  }
>()("@analytics/database/Installation") {
  static readonly layer = Layer.effect(
    Installation,
    Effect.gen(function* () {
      const postgres = yield* inPostgres
      const clickhouse = yield* inClickHouse
      if (postgres === undefined || postgres.id !== clickhouse)
        return yield* new InstallationMismatch({
          postgres: postgres?.id ?? null,
          clickhouse: clickhouse ?? null
        })
      return { id: postgres.id, idHashKey: Redacted.make(postgres.idHashKey) }
    }).pipe(Effect.withSpan("Installation.read"))
  )

  /**
   * What Postgres alone says, for a service that has work to do while ClickHouse is away;
   * it runs `disagreement` beside that.
   */
  static readonly layerOfPostgres = Layer.effect(
    Installation,
    Effect.gen(function* () {
      const postgres = yield* inPostgres
      if (postgres === undefined)
        return yield* new InstallationMismatch({ postgres: null, clickhouse: null })
      return { id: postgres.id, idHashKey: Redacted.make(postgres.idHashKey) }
    }).pipe(Effect.withSpan("Installation.read"))
  )
}

/**
 * Asks ClickHouse for its id until it answers, however long that takes. Fails when it is
 * another than Postgres holds; else never ends.
 */
export const disagreement = Effect.gen(function* () {
  const { id } = yield* Installation
  const clickhouse = yield* Effect.suspend(() => inClickHouse).pipe(
    Effect.tapError((error) =>
      Effect.logWarning("ClickHouse cannot be asked which installation it is", error)
    ),
    Effect.retry(
      Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("10 seconds")])
    )
  )
  if (clickhouse !== id)
    return yield* new InstallationMismatch({
      postgres: id,
      clickhouse: clickhouse ?? null
    })
  return yield* Effect.never
}).pipe(Effect.withSpan("Installation.disagreement"))

const missingTable = { postgres: "42P01", clickhouse: [60, 81] }

const inPostgres = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const select = SqlSchema.findOneOption({
    Request: Schema.Void,
    Result: Row,
    execute: () => sql`SELECT id, id_hash_key FROM public.installation`
  })
  const row = yield* select(undefined)
  return row._tag === "Some" ? row.value : undefined
}).pipe(
  Effect.catchTag("SqlError", (error) =>
    sqlState(error) === missingTable.postgres
      ? Effect.succeed(undefined)
      : Effect.fail(new InstallationUnavailable({ store: "postgres", cause: error }))
  ),
  // The table's own constraints guarantee the shape.
  Effect.catchTag("SchemaError", Effect.die)
)

const inClickHouse = Effect.gen(function* () {
  const clickhouse = yield* ClickHouse
  const rows = yield* clickhouse.query<{ id: string }>(
    "SELECT DISTINCT id FROM installation"
  )
  // Two identities equal no single one.
  return rows.length > 0 ? rows.map((row) => row.id).join(" and ") : undefined
}).pipe(
  Effect.catchTag("ClickHouseError", (error) =>
    error.code !== undefined && missingTable.clickhouse.includes(error.code)
      ? Effect.succeed(undefined)
      : Effect.fail(new InstallationUnavailable({ store: "clickhouse", cause: error }))
  )
)
