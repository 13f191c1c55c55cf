import { within } from "@analytics/database/PostgresRetry"
import { storableJson } from "@analytics/database/unstorable"
import type { Inspection } from "@analytics/ml-models/onnx/Inspection"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import type { Signature } from "../execution/Executors.ts"
import type { Actor } from "./Model.ts"
import { type ModelsUnavailable, unavailable } from "./RegistryProblems.ts"
import {
  audited,
  changing,
  SummaryRow,
  summaryColumns,
  VersionRow,
  versionColumns
} from "./registryRows.ts"
import type { Version, VersionSettings, VersionSummary } from "./Version.ts"

/** Of one version and each kind; older ones go. What is measured often must not push out what is measured seldom. */
const KEPT_MEASUREMENTS = 100
const MOST_MEASUREMENTS = 300

/** A version that was admitted. */
export interface AdmittedVersion {
  /** UUID. */
  readonly id: string
  readonly sha256: string
  readonly bytes: number
  readonly signature: Signature
  readonly inspection: Inspection
  /** Key of the object with the golden rows. */
  readonly golden: string | null
  readonly tolerance: number
  readonly settings: VersionSettings
  readonly lineage: object
  readonly metrics: object
  readonly reference: object
}

/** Versions in Postgres. One of another project does not exist. */
export class VersionRepo extends Context.Service<
  VersionRepo,
  {
    /**
     * Gives it the next number of its model; none when the model is gone, or has a version
     * of the same `lineage.job`.
     */
    insert(
      actor: Actor,
      model: string,
      version: AdmittedVersion
    ): Effect.Effect<Option.Option<Version>, ModelsUnavailable>
    byNumber(
      projectId: number,
      model: string,
      version: number
    ): Effect.Effect<Option.Option<Version>, ModelsUnavailable>
    /** Newest first, before the one named. */
    page(
      projectId: number,
      model: string,
      before: number | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<VersionSummary>, ModelsUnavailable>
    /** Puts a measurement before the others; whether there is such a version. */
    measured(
      actor: Actor,
      model: string,
      version: number,
      measurement: object
    ): Effect.Effect<boolean, ModelsUnavailable>
    /** Not one that is to be ready: by an alias, by its name, or for a change under way. */
    remove(
      actor: Actor,
      model: string,
      version: number
    ): Effect.Effect<"removed" | "in use" | "missing", ModelsUnavailable>
  }
>()("@analytics/ml-inference/registry/VersionRepo") {
  static readonly layer = Layer.effect(
    VersionRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const versions = Schema.decodeUnknownEffect(Schema.Array(VersionRow))
      const summaries = Schema.decodeUnknownEffect(Schema.Array(SummaryRow))
      const one = (found: unknown) =>
        Effect.map(versions(found), (all) => Option.fromUndefinedOr(all[0]))
      const numbered = (projectId: number, model: string, version: number) => sql`
        SELECT ${sql.literal(versionColumns)} FROM ml.versions AS v
         WHERE v.project_id = ${String(projectId)}::text::bigint
           AND v.model = ${model} AND v.version = ${version}::int`

      const insert = Effect.fnUntraced(function* (
        { actor, projectId }: Actor,
        model: string,
        made: AdmittedVersion
      ) {
        const project = String(projectId)
        const [next] = yield* sql<{ version: number }>`
          UPDATE ml.models
             SET next_version = next_version + 1, updated_at = clock_timestamp()
           WHERE project_id = ${project}::text::bigint AND name = ${model}
          RETURNING next_version - 1 AS version`
        if (next === undefined) return Option.none<Version>()
        const { version } = next
        yield* sql`
          INSERT INTO ml.versions
            (id, project_id, model, version, sha256, bytes, signature, inspection, golden,
             tolerance, settings, lineage, metrics, reference, created_by)
          VALUES
            (${made.id}::uuid, ${project}::text::bigint, ${model}, ${version}::int,
             ${made.sha256}, ${String(made.bytes)}::text::bigint,
             ${JSON.stringify(made.signature)}::text::jsonb,
             ${storableJson(made.inspection)}::text::jsonb, ${made.golden},
             ${made.tolerance}::float8, ${JSON.stringify(made.settings)}::text::jsonb,
             ${JSON.stringify(made.lineage)}::text::jsonb,
             ${JSON.stringify(made.metrics)}::text::jsonb,
             ${JSON.stringify(made.reference)}::text::jsonb, ${actor})`
        const action = "version.created"
        const details = { sha256: made.sha256 }
        yield* audited(sql, { projectId, model, version, actor, action, details })
        return yield* Effect.flatMap(numbered(projectId, model, version), one)
      })

      return VersionRepo.of({
        insert: Effect.fn("VersionRepo.insert")(
          (actor: Actor, model: string, made: AdmittedVersion) =>
            insert(actor, model, made).pipe(sql.withTransaction, within("10 seconds")),
          Effect.catchTags({
            SqlError: (error) =>
              error.reason._tag === "UniqueViolation"
                ? Effect.succeedNone
                : unavailable(error),
            SchemaError: Effect.die
          })
        ),
        byNumber: Effect.fn("VersionRepo.byNumber")(
          (projectId: number, model: string, version: number) =>
            numbered(projectId, model, version).pipe(
              within("5 seconds"),
              Effect.flatMap(one)
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        page: Effect.fn("VersionRepo.page")(
          (
            projectId: number,
            model: string,
            before: number | undefined,
            limit: number
          ) =>
            sql`
              SELECT ${sql.literal(summaryColumns)} FROM ml.versions AS v
               WHERE v.project_id = ${String(projectId)}::text::bigint
                 AND v.model = ${model}
                 AND v.version < ${String(before ?? 2 ** 31)}::text::bigint
               ORDER BY v.version DESC LIMIT ${limit}::int`.pipe(
              within("5 seconds"),
              Effect.flatMap(summaries)
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        measured: Effect.fn("VersionRepo.measured")(
          (
            { actor, projectId }: Actor,
            model: string,
            version: number,
            measurement: object
          ) =>
            Effect.gen(function* () {
              const changed = yield* sql`
                UPDATE ml.versions
                   SET quality = (
                     SELECT jsonb_agg(it ORDER BY place)
                       FROM (SELECT it, place, row_number() OVER (
                                      PARTITION BY it -> 'kind' ORDER BY place) AS nth
                               FROM jsonb_array_elements(
                                      jsonb_build_array(
                                        ${JSON.stringify(measurement)}::text::jsonb)
                                      || quality) WITH ORDINALITY AS all_of(it, place)
                            ) AS numbered
                      WHERE nth <= ${KEPT_MEASUREMENTS}::int
                        AND place <= ${MOST_MEASUREMENTS}::int)
                 WHERE project_id = ${String(projectId)}::text::bigint
                   AND model = ${model} AND version = ${version}::int
                RETURNING 1`
              if (changed.length === 0) return false
              const action = "version.measured"
              yield* audited(sql, { projectId, model, version, actor, action })
              return true
            }).pipe(sql.withTransaction, within("5 seconds")),
          Effect.catchTag("SqlError", unavailable)
        ),
        remove: Effect.fn("VersionRepo.remove")(
          ({ actor, projectId }: Actor, model: string, version: number) =>
            // No alias can be set to it meanwhile: that is a change of what is served too.
            changing(sql)(() =>
              Effect.gen(function* () {
                const project = String(projectId)
                const removed = yield* sql`
                  DELETE FROM ml.versions AS v
                   WHERE v.project_id = ${project}::text::bigint
                     AND v.model = ${model} AND v.version = ${version}::int
                     AND NOT v.loaded
                     AND coalesce(v.warm_until, '-infinity') < clock_timestamp()
                     AND NOT EXISTS (
                       SELECT 1 FROM ml.aliases AS a
                        WHERE a.project_id = v.project_id
                          AND a.model = v.model AND a.version = v.version)
                  RETURNING 1`
                if (removed.length === 0) {
                  const left = yield* numbered(projectId, model, version)
                  return left.length === 0 ? ("missing" as const) : ("in use" as const)
                }
                const action = "version.removed"
                yield* audited(sql, { projectId, model, version, actor, action })
                return "removed" as const
              })
            ),
          Effect.catchTag("SqlError", unavailable)
        )
      })
    })
  )
}
