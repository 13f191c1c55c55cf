import { within } from "@analytics/database/PostgresRetry"
import { Effect, Schema, SchemaTransformation } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { Aliases, AliasName, AuditEntry, Model } from "./Model.ts"
import { Version, VersionSummary } from "./Version.ts"

/** The driver delivers `bigint` columns as bigints; these fit a number. */
export const Whole = Schema.BigInt.pipe(
  Schema.decodeTo(
    Schema.Int,
    SchemaTransformation.transform({ decode: Number, encode: BigInt })
  )
)
const Instant = Schema.DateTimeUtcFromDate

/** Rows as the driver delivers them. */
export const ModelRow = Schema.Struct({
  ...Model.fields,
  aliases: Aliases,
  createdAt: Instant,
  updatedAt: Instant
})

/** Columns of `ml.models AS m`. */
export const modelColumns = `m.name, m.description, m.challenger_percent,
  (SELECT coalesce(jsonb_object_agg(a.alias, a.version), '{}') FROM ml.aliases AS a
    WHERE a.project_id = m.project_id AND a.model = m.name) AS aliases,
  (SELECT max(v.version) FROM ml.versions AS v
    WHERE v.project_id = m.project_id AND v.model = m.name) AS latest_version,
  m.created_by, m.created_at, m.updated_at`

export const SummaryRow = Schema.Struct({
  ...VersionSummary.fields,
  bytes: Whole,
  aliases: Schema.Array(AliasName),
  createdAt: Instant
})
export const VersionRow = Schema.Struct({
  ...Version.fields,
  bytes: Whole,
  aliases: Schema.Array(AliasName),
  createdAt: Instant
})

/** Columns of `ml.versions AS v`. */
export const summaryColumns = `v.model, v.version, v.id, v.sha256, v.bytes, v.signature,
  v.golden IS NOT NULL AS has_golden, v.tolerance, v.settings, v.lineage, v.metrics,
  (SELECT coalesce(jsonb_agg(a.alias ORDER BY a.alias), '[]') FROM ml.aliases AS a
    WHERE a.project_id = v.project_id AND a.model = v.model
      AND a.version = v.version) AS aliases,
  v.loaded, v.created_by, v.created_at`
export const versionColumns = `${summaryColumns}, v.inspection, v.reference, v.quality`

export const AuditRow = Schema.Struct({ ...AuditEntry.fields, id: Whole, at: Instant })

/** What was done, for the audit. */
export interface Done {
  readonly projectId: number
  readonly model: string
  readonly version: number | null
  readonly actor: string
  readonly action: string
  readonly details?: object
}

/** Writes it down in the transaction that does it. */
export const audited = (sql: SqlClient.SqlClient, done: Done) =>
  sql`
    INSERT INTO ml.audit (project_id, model, version, actor, action, details)
    VALUES (${String(done.projectId)}::text::bigint, ${done.model},
            ${done.version}::int, ${done.actor}, ${done.action},
            ${JSON.stringify(done.details ?? {})}::text::jsonb)`

const Revision = Schema.Array(Schema.Struct({ revision: Whole }))
const revisionIn = Schema.decodeUnknownEffect(Revision)

/**
 * A transaction that changes what is served. Such changes happen one after the other,
 * in the order of their revisions, and every process hears of each when it is committed.
 */
export const changing =
  (sql: SqlClient.SqlClient) =>
  <A, E, R>(
    change: (revision: number) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | SqlError.SqlError, R> =>
    Effect.gen(function* () {
      const [row] = yield* sql`
        UPDATE ml.revision SET revision = revision + 1 RETURNING revision`.pipe(
        Effect.flatMap(revisionIn),
        Effect.catchTag("SchemaError", Effect.die)
      )
      const result = yield* change(row?.revision ?? 0)
      yield* sql`SELECT pg_notify('ml_changed', '')`
      return result
    }).pipe(sql.withTransaction, within("10 seconds"))
