import { CohortDefinition } from "@analytics/analytics-core/query/cohort/Cohort"
import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { ProjectIdColumn } from "../keys/KeyRows.ts"
import type { ProjectId } from "../projects/Project.ts"
import type { Cohort, CohortChange, CohortId, NewCohort } from "./Cohort.ts"
import { RefreshColumn, refreshColumn, refreshView } from "./refresh/RefreshView.ts"

/** Cohorts of one project. */
export const MAX_COHORTS = 1000

const StoredDefinition = Schema.fromJsonString(CohortDefinition)

const Row = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  definition: StoredDefinition,
  maxAgeSeconds: Schema.NullOr(Schema.Int),
  refresh: RefreshColumn,
  createdAt: Schema.Date,
  updatedAt: Schema.Date
})

const cohortOf = (row: typeof Row.Type): Cohort => ({
  ...row,
  refresh: refreshView(row.refresh)
})

const Of = Schema.Struct({ projectId: ProjectIdColumn, id: Schema.String })

/** Definitions of cohorts in Postgres. A cohort of another project does not exist. */
export class CohortRepo extends Context.Service<
  CohortRepo,
  {
    /** None when the project has as many as one may. */
    insert(
      projectId: ProjectId,
      cohort: NewCohort
    ): Effect.Effect<Option.Option<Cohort>, ControlUnavailable>
    byId(
      projectId: ProjectId,
      id: CohortId
    ): Effect.Effect<Option.Option<Cohort>, ControlUnavailable>
    /** In the order in which they were made, after the one named. */
    page(
      projectId: ProjectId,
      after: CohortId | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<Cohort>, ControlUnavailable>
    /** Those of these ids that there are. */
    definitions(
      projectId: ProjectId,
      ids: ReadonlyArray<string>
    ): Effect.Effect<ReadonlyMap<string, CohortDefinition>, ControlUnavailable>
    update(
      projectId: ProjectId,
      id: CohortId,
      change: CohortChange
    ): Effect.Effect<Option.Option<Cohort>, ControlUnavailable>
    remove(
      projectId: ProjectId,
      id: CohortId
    ): Effect.Effect<Option.Option<Cohort>, ControlUnavailable>
    /**
     * The time of a change of members, in microseconds, not before `knownAt` and later than
     * any before it.
     */
    nextChange(
      projectId: ProjectId,
      id: CohortId,
      knownAt: Date
    ): Effect.Effect<Option.Option<bigint>, ControlUnavailable>
  }
>()("@analytics/analytics-api/cohorts/CohortRepo") {
  static readonly layer = Layer.effect(
    CohortRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(
        `id, name, definition, max_age_seconds, created_at, updated_at, ${refreshColumn}`
      )

      const insertRow = SqlSchema.findOneOption({
        Request: Schema.Struct({
          ...Of.fields,
          name: Schema.String,
          definition: StoredDefinition,
          maxAgeSeconds: Schema.NullOr(Schema.Int)
        }),
        Result: Row,
        execute: ({ definition, id, maxAgeSeconds, name, projectId }) => sql`
          INSERT INTO control.cohorts (id, project_id, name, definition, max_age_seconds)
          SELECT ${id}::uuid, ${projectId}::bigint, ${name}, ${definition},
                 ${maxAgeSeconds}::integer
           WHERE (SELECT count(*) FROM control.cohorts
                   WHERE project_id = ${projectId}) < ${MAX_COHORTS}
          RETURNING ${columns}`
      })

      const selectById = SqlSchema.findOneOption({
        Request: Of,
        Result: Row,
        execute: ({ id, projectId }) => sql`
          SELECT ${columns} FROM control.cohorts
           WHERE id = ${id}::uuid AND project_id = ${projectId}`
      })

      const selectPage = SqlSchema.findAll({
        Request: Schema.Struct({
          projectId: ProjectIdColumn,
          after: Schema.NullOr(Schema.String),
          limit: Schema.Int
        }),
        Result: Row,
        execute: ({ after, limit, projectId }) => sql`
          SELECT ${columns} FROM control.cohorts
           WHERE project_id = ${projectId}
             AND (${after}::uuid IS NULL OR id > ${after}::uuid)
           ORDER BY id LIMIT ${limit}`
      })

      const selectDefinitions = SqlSchema.findAll({
        Request: Schema.Struct({
          projectId: ProjectIdColumn,
          ids: Schema.Array(Schema.String)
        }),
        Result: Schema.Struct({ id: Schema.String, definition: StoredDefinition }),
        execute: ({ ids, projectId }) => sql`
          SELECT id, definition FROM control.cohorts
           WHERE project_id = ${projectId} AND id = ANY(${ids}::uuid[])`
      })

      const updateRow = SqlSchema.findOneOption({
        Request: Schema.Struct({
          ...Of.fields,
          name: Schema.NullOr(Schema.String),
          definition: Schema.NullOr(StoredDefinition),
          maxAgeSeconds: Schema.NullOr(Schema.Int),
          keepsMaxAge: Schema.Boolean
        }),
        Result: Row,
        execute: ({
          definition,
          id,
          keepsMaxAge,
          maxAgeSeconds,
          name,
          projectId
        }) => sql`
          UPDATE control.cohorts
             SET name = coalesce(${name}::text, name),
                 definition = coalesce(${definition}::text, definition),
                 max_age_seconds = CASE WHEN ${keepsMaxAge}::boolean
                   THEN max_age_seconds ELSE ${maxAgeSeconds}::integer END,
                 updated_at = now()
           WHERE id = ${id}::uuid AND project_id = ${projectId}
          RETURNING ${columns}`
      })

      const deleteRow = SqlSchema.findOneOption({
        Request: Of,
        Result: Row,
        execute: ({ id, projectId }) => sql`
          DELETE FROM control.cohorts
           WHERE id = ${id}::uuid AND project_id = ${projectId}
          RETURNING ${columns}`
      })

      const takeChange = SqlSchema.findOneOption({
        Request: Schema.Struct({ ...Of.fields, knownAt: Schema.Date }),
        Result: Schema.Struct({ at: Schema.BigInt }),
        execute: ({ id, knownAt, projectId }) => sql`
          UPDATE control.cohorts
             SET members_changed_at = greatest(
                   ${knownAt}::timestamptz,
                   members_changed_at + interval '1 microsecond')
           WHERE id = ${id}::uuid AND project_id = ${projectId}
          RETURNING (extract(epoch FROM members_changed_at) * 1000000)::bigint AS at`
      })

      const asked = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        effect.pipe(within("5 seconds"))

      return CohortRepo.of({
        insert: Effect.fn("CohortRepo.insert")(
          (projectId: ProjectId, cohort: NewCohort) =>
            // Ids grow with time, so that their order is that of making.
            asked(
              insertRow({
                projectId,
                id: Bun.randomUUIDv7(),
                ...cohort,
                maxAgeSeconds: cohort.maxAgeSeconds ?? null
              })
            ).pipe(Effect.map(Option.map(cohortOf))),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        byId: Effect.fn("CohortRepo.byId")(
          (projectId: ProjectId, id: CohortId) =>
            asked(selectById({ projectId, id })).pipe(Effect.map(Option.map(cohortOf))),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        page: Effect.fn("CohortRepo.page")(
          (projectId: ProjectId, after: CohortId | undefined, limit: number) =>
            asked(selectPage({ projectId, after: after ?? null, limit })).pipe(
              Effect.map((rows) => rows.map(cohortOf))
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        definitions: Effect.fn("CohortRepo.definitions")(
          (projectId: ProjectId, ids: ReadonlyArray<string>) =>
            asked(selectDefinitions({ projectId, ids })).pipe(
              Effect.map((rows) => new Map(rows.map((row) => [row.id, row.definition])))
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        update: Effect.fn("CohortRepo.update")(
          (projectId: ProjectId, id: CohortId, change: CohortChange) =>
            asked(
              updateRow({
                projectId,
                id,
                name: change.name ?? null,
                definition: change.definition ?? null,
                maxAgeSeconds: change.maxAgeSeconds ?? null,
                keepsMaxAge: change.maxAgeSeconds === undefined
              })
            ).pipe(Effect.map(Option.map(cohortOf))),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        remove: Effect.fn("CohortRepo.remove")(
          (projectId: ProjectId, id: CohortId) =>
            asked(deleteRow({ projectId, id })).pipe(Effect.map(Option.map(cohortOf))),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        nextChange: Effect.fn("CohortRepo.nextChange")(
          (projectId: ProjectId, id: CohortId, knownAt: Date) =>
            asked(takeChange({ projectId, id, knownAt })).pipe(
              Effect.map(Option.map(({ at }) => at))
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        )
      })
    })
  )
}
