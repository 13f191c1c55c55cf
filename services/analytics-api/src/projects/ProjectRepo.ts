import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import { SqlClient, type SqlError, SqlSchema } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { everyScope } from "../keys/Key.ts"
import { changingKeys } from "../keys/KeyRevision.ts"
import { InstantColumn, ProjectIdColumn } from "../keys/KeyRows.ts"
import type { NewKey } from "../keys/newKey.ts"
import { Project, type ProjectId, ProjectNotFound } from "./Project.ts"

const ProjectRow = Schema.Struct({
  ...Project.fields,
  id: ProjectIdColumn,
  createdAt: InstantColumn
})

/** The random id belongs to a project already, perhaps a deleted one. */
export class ProjectIdTaken extends Schema.TaggedError<ProjectIdTaken>()(
  "ProjectIdTaken",
  {}
) {}

export interface ProjectChange {
  readonly name?: string
  readonly timezone?: string
}

/** More projects than one answer lists. */
const listLimit = 10_000

export class ProjectRepo extends Context.Service<
  ProjectRepo,
  {
    /** Stores a project with its first keys. */
    insert(
      project: Pick<Project, "id" | "name" | "timezone">,
      keys: ReadonlyArray<NewKey>
    ): Effect.Effect<Project, ProjectIdTaken | ControlUnavailable>
    byId(id: ProjectId): Effect.Effect<Project, ProjectNotFound | ControlUnavailable>
    /** Oldest first; at most 10,000. */
    readonly all: Effect.Effect<ReadonlyArray<Project>, ControlUnavailable>
    update(
      id: ProjectId,
      change: ProjectChange
    ): Effect.Effect<Project, ProjectNotFound | ControlUnavailable>
    /** Revokes its keys. The row stays, so that the id is never given out again. */
    remove(id: ProjectId): Effect.Effect<void, ProjectNotFound | ControlUnavailable>
  }
>()("@analytics/analytics-api/projects/ProjectRepo") {
  static readonly layer = Layer.effect(
    ProjectRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const changing = changingKeys(sql)
      const columns = sql.literal("id, name, timezone, created_at")

      const insertProject = SqlSchema.findOne({
        Request: Schema.Struct({
          id: ProjectIdColumn,
          name: Schema.String,
          timezone: Schema.String
        }),
        Result: ProjectRow,
        execute: (project) => sql`
          INSERT INTO control.projects ${sql.insert(project)} RETURNING ${columns}`
      })

      const selectById = SqlSchema.findOneOption({
        Request: ProjectIdColumn,
        Result: ProjectRow,
        execute: (id) => sql`
          SELECT ${columns}
            FROM control.projects
           WHERE id = ${id} AND deleted_at IS NULL`
      })

      const selectAll = SqlSchema.findAll({
        Request: Schema.Void,
        Result: ProjectRow,
        execute: () => sql`
          SELECT ${columns}
            FROM control.projects
           WHERE deleted_at IS NULL
           ORDER BY created_at, id
           LIMIT ${listLimit}`
      })

      const updateById = SqlSchema.findOneOption({
        Request: Schema.Struct({
          id: ProjectIdColumn,
          name: Schema.NullOr(Schema.String),
          timezone: Schema.NullOr(Schema.String)
        }),
        Result: ProjectRow,
        execute: ({ id, name, timezone }) => sql`
          UPDATE control.projects
             SET name = coalesce(${name}::text, name),
                 timezone = coalesce(${timezone}::text, timezone)
           WHERE id = ${id} AND deleted_at IS NULL
          RETURNING ${columns}`
      })

      const removeById = SqlSchema.findOneOption({
        Request: ProjectIdColumn,
        Result: ProjectRow,
        execute: (id) => sql`
          UPDATE control.projects
             SET deleted_at = now()
           WHERE id = ${id} AND deleted_at IS NULL
          RETURNING ${columns}`
      })

      const found = (id: ProjectId, row: Option.Option<Project>) =>
        Effect.fromOption(row).pipe(
          Effect.mapError(() => new ProjectNotFound({ projectId: id }))
        )

      return ProjectRepo.of({
        insert: Effect.fn("ProjectRepo.insert")(
          (
            project: Pick<Project, "id" | "name" | "timezone">,
            keys: ReadonlyArray<NewKey>
          ) =>
            changing(
              Effect.fnUntraced(function* (revisions) {
                const row = yield* insertProject(project)
                for (const key of keys)
                  yield* sql`
                    INSERT INTO control.keys
                      (project_id, kind, name, scopes, prefix, hash, revision)
                    VALUES
                      (${project.id}::bigint, ${key.kind}, 'first',
                       ${key.kind === "secret" ? everyScope : []}::text[], ${key.prefix},
                       decode(${key.hash}, 'hex'), ${revisions.take()}::bigint)`
                return row
              })
            ),
          Effect.catchTags({
            SqlError: (error: SqlError.SqlError) =>
              error.reason._tag === "UniqueViolation"
                ? Effect.fail(new ProjectIdTaken())
                : unavailable(error),
            // What we insert is what our own schemas describe.
            SchemaError: Effect.die,
            NoSuchElementError: Effect.die
          })
        ),
        byId: Effect.fn("ProjectRepo.byId")(
          function* (id) {
            return yield* found(id, yield* selectById(id).pipe(within("5 seconds")))
          },
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        all: selectAll(undefined).pipe(
          within("5 seconds"),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die }),
          Effect.withSpan("ProjectRepo.all")
        ),
        update: Effect.fn("ProjectRepo.update")(
          (id: ProjectId, { name = null, timezone = null }) =>
            changing(
              Effect.fnUntraced(function* (revisions) {
                const project = yield* found(
                  id,
                  yield* updateById({ id, name, timezone })
                )
                yield* revisions.republish(id)
                return project
              })
            ),
          Effect.catchTags({
            SqlError: unavailable,
            SchemaError: Effect.die,
            NoSuchElementError: Effect.die
          })
        ),
        remove: Effect.fn("ProjectRepo.remove")(
          (id: ProjectId) =>
            changing(
              Effect.fnUntraced(function* (revisions) {
                yield* found(id, yield* removeById(id))
                yield* sql`
                  DELETE FROM control.project_settings WHERE project_id = ${id}::bigint`
                yield* sql`
                  UPDATE control.keys
                     SET revoked_at = now()
                   WHERE project_id = ${id}::bigint AND revoked_at IS NULL`
                yield* revisions.republish(id)
              })
            ),
          Effect.catchTags({
            SqlError: unavailable,
            SchemaError: Effect.die,
            NoSuchElementError: Effect.die
          })
        )
      })
    })
  )
}
