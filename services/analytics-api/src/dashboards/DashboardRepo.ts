import { sqlState, within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError, SqlSchema } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { ProjectIdColumn } from "../keys/KeyRows.ts"
import type { ProjectId } from "../projects/Project.ts"
import { type Dashboard, type DashboardId, Layout } from "./Dashboard.ts"

/** Dashboards of one project. */
export const MAX_DASHBOARDS = 500

const StoredLayout = Schema.fromJsonString(Layout)

const Row = Schema.Struct({
  id: Schema.String,
  version: Schema.Int,
  name: Schema.String,
  description: Schema.String,
  layout: StoredLayout,
  createdBy: Schema.String,
  createdAt: Schema.Date,
  updatedBy: Schema.String,
  updatedAt: Schema.Date
})

const dashboardOf = ({ layout, ...row }: typeof Row.Type): Dashboard => ({
  ...row,
  ...layout
})

const Of = Schema.Struct({ projectId: ProjectIdColumn, id: Schema.String })

const Written = Schema.Struct({
  ...Of.fields,
  name: Schema.String,
  description: Schema.String,
  layout: StoredLayout,
  insights: Schema.Array(Schema.String),
  by: Schema.String
})

/** All that a dashboard says. */
export type DashboardParts = Pick<Dashboard, "name" | "description"> & {
  readonly layout: Layout
}

/** A tile shows an insight that the project does not have. */
export class UnknownInsight extends Schema.TaggedError<UnknownInsight>()(
  "UnknownInsight",
  {}
) {}

/** Dashboards in Postgres. A dashboard of another project does not exist. */
export class DashboardRepo extends Context.Service<
  DashboardRepo,
  {
    /** None when the project has as many as one may. */
    insert(
      projectId: ProjectId,
      parts: DashboardParts,
      by: string
    ): Effect.Effect<Option.Option<Dashboard>, UnknownInsight | ControlUnavailable>
    byId(
      projectId: ProjectId,
      id: DashboardId
    ): Effect.Effect<Option.Option<Dashboard>, ControlUnavailable>
    /** In the order in which they were made, after the one named. */
    page(
      projectId: ProjectId,
      after: DashboardId | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<Dashboard>, ControlUnavailable>
    /** Makes the next version of this one. None when that is not the newest. */
    update(
      projectId: ProjectId,
      id: DashboardId,
      version: number,
      parts: DashboardParts,
      by: string
    ): Effect.Effect<Option.Option<Dashboard>, UnknownInsight | ControlUnavailable>
    /** Whether there was one. */
    remove(
      projectId: ProjectId,
      id: DashboardId
    ): Effect.Effect<boolean, ControlUnavailable>
  }
>()("@analytics/analytics-api/dashboards/DashboardRepo") {
  static readonly layer = Layer.effect(
    DashboardRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(
        `id, version, name, description, layout, created_by, created_at, updated_by,
         updated_at`
      )

      const insertRow = SqlSchema.findOneOption({
        Request: Written,
        Result: Row,
        execute: ({ by, description, id, insights, layout, name, projectId }) => sql`
          WITH made AS (
            INSERT INTO control.dashboards
              (id, project_id, name, description, layout, created_by, updated_by)
            SELECT ${id}::uuid, ${projectId}::bigint, ${name}, ${description}, ${layout},
                   ${by}, ${by}
             WHERE (SELECT count(*) FROM control.dashboards
                     WHERE project_id = ${projectId}) < ${MAX_DASHBOARDS}
            RETURNING *
          ), shown AS (
            INSERT INTO control.dashboard_insights (project_id, dashboard, insight)
            SELECT made.project_id, made.id, insight
              FROM made, unnest(${insights}::uuid[]) AS insight
          )
          SELECT ${columns} FROM made`
      })

      const selectById = SqlSchema.findOneOption({
        Request: Of,
        Result: Row,
        execute: ({ id, projectId }) => sql`
          SELECT ${columns} FROM control.dashboards
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
          SELECT ${columns} FROM control.dashboards
           WHERE project_id = ${projectId}
             AND (${after}::uuid IS NULL OR id > ${after}::uuid)
           ORDER BY id LIMIT ${limit}`
      })

      const updateRow = SqlSchema.findOneOption({
        Request: Schema.Struct({ ...Written.fields, version: Schema.Int }),
        Result: Row,
        execute: (written) => sql`
          WITH made AS (
            UPDATE control.dashboards
               SET version = version + 1,
                   name = ${written.name},
                   description = ${written.description},
                   layout = ${written.layout},
                   updated_by = ${written.by},
                   updated_at = now()
             WHERE id = ${written.id}::uuid AND project_id = ${written.projectId}
               AND version = ${written.version}
            RETURNING *
          ), gone AS (
            DELETE FROM control.dashboard_insights AS i USING made
             WHERE i.dashboard = made.id
               AND i.insight <> ALL(${written.insights}::uuid[])
          ), shown AS (
            INSERT INTO control.dashboard_insights (project_id, dashboard, insight)
            SELECT made.project_id, made.id, insight
              FROM made, unnest(${written.insights}::uuid[]) AS insight
            ON CONFLICT DO NOTHING
          )
          SELECT ${columns} FROM made`
      })

      const deleteRow = SqlSchema.findOneOption({
        Request: Of,
        Result: Schema.Struct({ id: Schema.String }),
        execute: ({ id, projectId }) => sql`
          DELETE FROM control.dashboards
           WHERE id = ${id}::uuid AND project_id = ${projectId}
          RETURNING id`
      })

      const asked = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        effect.pipe(within("5 seconds"))
      const faults = { SqlError: unavailable, SchemaError: Effect.die } as const
      const writeFaults = {
        SqlError: (error: SqlError.SqlError) =>
          sqlState(error) === NO_SUCH_KEY
            ? Effect.fail(new UnknownInsight())
            : unavailable(error),
        SchemaError: Effect.die
      } as const

      return DashboardRepo.of({
        insert: Effect.fn("DashboardRepo.insert")(
          (projectId: ProjectId, parts: DashboardParts, by: string) =>
            // Ids grow with time, so that their order is that of making.
            asked(
              insertRow({ ...written(projectId, parts, by), id: Bun.randomUUIDv7() })
            ),
          Effect.map(Option.map(dashboardOf)),
          Effect.catchTags(writeFaults)
        ),
        byId: Effect.fn("DashboardRepo.byId")(
          (projectId: ProjectId, id: DashboardId) =>
            asked(selectById({ projectId, id })),
          Effect.map(Option.map(dashboardOf)),
          Effect.catchTags(faults)
        ),
        page: Effect.fn("DashboardRepo.page")(
          (projectId: ProjectId, after: DashboardId | undefined, limit: number) =>
            asked(selectPage({ projectId, after: after ?? null, limit })),
          Effect.map((rows) => rows.map(dashboardOf)),
          Effect.catchTags(faults)
        ),
        update: Effect.fn("DashboardRepo.update")(
          (
            projectId: ProjectId,
            id: DashboardId,
            version: number,
            parts: DashboardParts,
            by: string
          ) => asked(updateRow({ ...written(projectId, parts, by), id, version })),
          Effect.map(Option.map(dashboardOf)),
          Effect.catchTags(writeFaults)
        ),
        remove: Effect.fn("DashboardRepo.remove")(
          (projectId: ProjectId, id: DashboardId) =>
            asked(deleteRow({ projectId, id })),
          Effect.map(Option.isSome),
          Effect.catchTags(faults)
        )
      })
    })
  )
}

/** `foreign_key_violation` */
const NO_SUCH_KEY = "23503"

const written = (projectId: ProjectId, parts: DashboardParts, by: string) => ({
  projectId,
  ...parts,
  insights: insightsOf(parts.layout),
  by
})

/** Which insights its tiles show. */
export const insightsOf = ({ tiles }: Pick<Layout, "tiles">): ReadonlyArray<string> => [
  ...new Set(tiles.flatMap((tile) => ("insight" in tile ? [tile.insight] : [])))
]
