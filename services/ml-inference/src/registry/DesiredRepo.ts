import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Aliases } from "./Model.ts"
import { Whole } from "./registryRows.ts"
import { SignatureOfVersion, VersionSettings } from "./Version.ts"

const Row = Schema.Struct({
  id: Schema.String,
  projectId: Whole,
  model: Schema.String,
  version: Schema.Int,
  sha256: Schema.String,
  signature: SignatureOfVersion,
  golden: Schema.NullOr(Schema.String),
  settings: VersionSettings,
  challengerPercent: Schema.Int,
  /** It is to be ready until then at least; null: it says nothing. */
  warmUntil: Schema.NullOr(Schema.DateTimeUtcFromDate),
  aliases: Aliases
})
/** A version that is to be ready, and what its model says of itself. */
export type DesiredRow = typeof Row.Type

const Revision = Schema.Array(Schema.Struct({ revision: Whole }))

type Failed = SqlError.SqlError | Schema.SchemaError

/** What is to be ready, as Postgres has it. */
export class DesiredRepo extends Context.Service<
  DesiredRepo,
  {
    /** Raised by every change of what is to be ready. */
    readonly revision: Effect.Effect<number, Failed>
    readonly rows: Effect.Effect<ReadonlyArray<DesiredRow>, Failed>
  }
>()("@analytics/ml-inference/registry/DesiredRepo") {
  static readonly layer = Layer.effect(
    DesiredRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const decode = Schema.decodeUnknownEffect(Schema.Array(Row))
      const decodeRevision = Schema.decodeUnknownEffect(Revision)
      return DesiredRepo.of({
        revision: sql`SELECT revision FROM ml.revision`.pipe(
          within("2 seconds"),
          Effect.flatMap(decodeRevision),
          Effect.map(([row]) => row?.revision ?? 0)
        ),
        rows: sql`
          SELECT v.id, v.project_id, v.model, v.version, v.sha256, v.signature, v.golden,
                 v.settings, m.challenger_percent, named.aliases,
                 CASE WHEN v.warm_until > clock_timestamp() THEN v.warm_until END
                   AS warm_until
            FROM ml.versions AS v
            JOIN ml.models AS m ON m.project_id = v.project_id AND m.name = v.model
            CROSS JOIN LATERAL (
              SELECT coalesce(jsonb_object_agg(a.alias, a.version), '{}') AS aliases
                FROM ml.aliases AS a
               WHERE a.project_id = v.project_id AND a.model = v.model) AS named
           WHERE v.loaded OR v.warm_until > clock_timestamp() OR EXISTS (
                   SELECT FROM ml.aliases AS a
                    WHERE a.project_id = v.project_id AND a.model = v.model
                      AND a.version = v.version)
           ORDER BY v.project_id, v.model, v.version`.pipe(
          within("10 seconds"),
          Effect.flatMap(decode),
          Effect.withSpan("DesiredRepo.rows")
        )
      })
    })
  )
}
