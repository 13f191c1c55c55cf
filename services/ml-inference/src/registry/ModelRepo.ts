import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import type { Actor, AuditEntry, Model, ModelChange, NewModel } from "./Model.ts"
import { type ModelsUnavailable, unavailable } from "./RegistryProblems.ts"
import { AuditRow, audited, changing, ModelRow, modelColumns } from "./registryRows.ts"

/** Of one project. */
export const MAX_MODELS = 1000

/** Models in Postgres. One of another project does not exist. */
export class ModelRepo extends Context.Service<
  ModelRepo,
  {
    /** None when there is one of that name, or as many as there may be. */
    insert(
      actor: Actor,
      model: NewModel
    ): Effect.Effect<Option.Option<Model>, ModelsUnavailable>
    byName(
      projectId: number,
      name: string
    ): Effect.Effect<Option.Option<Model>, ModelsUnavailable>
    /** In the order of names, after the one named. */
    page(
      projectId: number,
      after: string | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<Model>, ModelsUnavailable>
    update(
      actor: Actor,
      name: string,
      change: ModelChange
    ): Effect.Effect<Option.Option<Model>, ModelsUnavailable>
    /** With its versions and aliases; whether there was one. The audit stays. */
    remove(actor: Actor, name: string): Effect.Effect<boolean, ModelsUnavailable>
    /** Newest first, before the entry named. Also of a model that is gone. */
    audit(
      projectId: number,
      name: string,
      before: number | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<AuditEntry>, ModelsUnavailable>
  }
>()("@analytics/ml-inference/registry/ModelRepo") {
  static readonly layer = Layer.effect(
    ModelRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(modelColumns)
      const rows = Schema.decodeUnknownEffect(Schema.Array(ModelRow))
      const auditRows = Schema.decodeUnknownEffect(Schema.Array(AuditRow))
      const first = (found: unknown) =>
        Effect.map(rows(found), (all) => Option.fromUndefinedOr(all[0]))
      const named = (projectId: number, name: string) => sql`
        SELECT ${columns} FROM ml.models AS m
         WHERE m.project_id = ${String(projectId)}::text::bigint AND m.name = ${name}`

      return ModelRepo.of({
        insert: Effect.fn("ModelRepo.insert")(
          function* ({ actor, projectId }: Actor, { description, name }: NewModel) {
            return yield* Effect.gen(function* () {
              const project = String(projectId)
              // The numbers of a model of that name that was removed are not given again.
              const made = yield* sql`
                INSERT INTO ml.models (project_id, name, description, next_version, created_by)
                SELECT ${project}::text::bigint, ${name}, ${description ?? ""},
                       1 + coalesce((SELECT max(version) FROM ml.audit
                                      WHERE project_id = ${project}::text::bigint
                                        AND model = ${name}), 0),
                       ${actor}
                 WHERE (SELECT count(*) FROM ml.models
                         WHERE project_id = ${project}::text::bigint) < ${MAX_MODELS}::int
                ON CONFLICT DO NOTHING
                RETURNING 1`
              if (made.length === 0) return Option.none()
              const action = "model.created"
              yield* audited(sql, {
                projectId,
                model: name,
                version: null,
                actor,
                action
              })
              return yield* Effect.flatMap(named(projectId, name), first)
            }).pipe(sql.withTransaction, within("5 seconds"))
          },
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        byName: Effect.fn("ModelRepo.byName")(
          (projectId: number, name: string) =>
            named(projectId, name).pipe(within("5 seconds"), Effect.flatMap(first)),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        page: Effect.fn("ModelRepo.page")(
          (projectId: number, after: string | undefined, limit: number) =>
            sql`
              SELECT ${columns} FROM ml.models AS m
               WHERE m.project_id = ${String(projectId)}::text::bigint
                 AND m.name > ${after ?? ""}
               ORDER BY m.name LIMIT ${limit}::int`.pipe(
              within("5 seconds"),
              Effect.flatMap(rows)
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        update: Effect.fn("ModelRepo.update")(
          ({ actor, projectId }: Actor, name: string, change: ModelChange) =>
            changing(sql)(() =>
              Effect.gen(function* () {
                const changed = yield* sql`
                  UPDATE ml.models
                     SET description = coalesce(${change.description ?? null}, description),
                         challenger_percent =
                           coalesce(${change.challengerPercent ?? null}::int, challenger_percent),
                         updated_at = clock_timestamp()
                   WHERE project_id = ${String(projectId)}::text::bigint AND name = ${name}
                  RETURNING 1`
                if (changed.length === 0) return Option.none()
                yield* audited(sql, {
                  projectId,
                  model: name,
                  version: null,
                  actor,
                  action: "model.changed",
                  details: change
                })
                return yield* Effect.flatMap(named(projectId, name), first)
              })
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        remove: Effect.fn("ModelRepo.remove")(
          ({ actor, projectId }: Actor, name: string) =>
            changing(sql)(() =>
              Effect.gen(function* () {
                const removed = yield* sql`
                  DELETE FROM ml.models
                   WHERE project_id = ${String(projectId)}::text::bigint AND name = ${name}
                  RETURNING 1`
                if (removed.length === 0) return false
                const action = "model.removed"
                yield* audited(sql, {
                  projectId,
                  model: name,
                  version: null,
                  actor,
                  action
                })
                return true
              })
            ),
          Effect.catchTags({ SqlError: unavailable })
        ),
        audit: Effect.fn("ModelRepo.audit")(
          (
            projectId: number,
            name: string,
            before: number | undefined,
            limit: number
          ) =>
            sql`
              SELECT id, at, model, version, actor, action, details FROM ml.audit
               WHERE project_id = ${String(projectId)}::text::bigint AND model = ${name}
                 AND (${before === undefined ? null : String(before)}::text IS NULL
                      OR id < ${before === undefined ? null : String(before)}::text::bigint)
               ORDER BY id DESC LIMIT ${limit}::int`.pipe(
              within("5 seconds"),
              Effect.flatMap(auditRows)
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        )
      })
    })
  )
}
