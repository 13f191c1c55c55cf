import { sqlState, within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SqlClient, type SqlError, SqlSchema } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { ProjectIdColumn } from "../keys/KeyRows.ts"
import type { ProjectId } from "../projects/Project.ts"
import {
  Insight,
  InsightChart,
  type InsightId,
  InsightInUse,
  SavedQuery
} from "./Insight.ts"

/** Insights of one project. */
export const MAX_INSIGHTS = 1000
/** Versions that are kept of one insight, the newest ones. */
export const MAX_VERSIONS = 100
/** Dashboards that a refusal names. */
const MAX_NAMED = 100

const stored = {
  query: Schema.fromJsonString(SavedQuery),
  chart: Schema.fromJsonString(InsightChart)
}

const Row = Schema.Struct({
  ...Insight.fields,
  ...stored,
  createdAt: Schema.Date,
  updatedAt: Schema.Date
})

const Of = Schema.Struct({ projectId: ProjectIdColumn, id: Schema.String })

/** What a version says; of a change only what it changes. */
export type InsightParts = Pick<Insight, "name" | "description" | "query" | "chart">

/** Saved questions in Postgres. An insight of another project does not exist. */
export class InsightRepo extends Context.Service<
  InsightRepo,
  {
    /** None when the project has as many as one may. */
    insert(
      projectId: ProjectId,
      parts: InsightParts,
      by: string
    ): Effect.Effect<Option.Option<Insight>, ControlUnavailable>
    byId(
      projectId: ProjectId,
      id: InsightId
    ): Effect.Effect<Option.Option<Insight>, ControlUnavailable>
    /** Those of these ids that there are. */
    byIds(
      projectId: ProjectId,
      ids: ReadonlyArray<InsightId>
    ): Effect.Effect<ReadonlyArray<Insight>, ControlUnavailable>
    /** In the order in which they were made, after the one named. */
    page(
      projectId: ProjectId,
      after: InsightId | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<Insight>, ControlUnavailable>
    /** Makes the next version of this one. None when that is not the newest. */
    update(
      projectId: ProjectId,
      id: InsightId,
      version: number,
      change: Partial<InsightParts>,
      by: string
    ): Effect.Effect<Option.Option<Insight>, ControlUnavailable>
    /** None when there is no such insight. */
    remove(
      projectId: ProjectId,
      id: InsightId
    ): Effect.Effect<Option.Option<InsightId>, InsightInUse | ControlUnavailable>
  }
>()("@analytics/analytics-api/insights/InsightRepo") {
  static readonly layer = Layer.effect(
    InsightRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(
        `id, version, name, description, query, chart, created_by, created_at,
         updated_by, updated_at`
      )
      const intoVersions = sql.literal(insertVersion)

      const insertRow = SqlSchema.findOneOption({
        Request: Schema.Struct({
          ...Of.fields,
          name: Schema.String,
          description: Schema.String,
          ...stored,
          by: Schema.String
        }),
        Result: Row,
        execute: ({ by, chart, description, id, name, projectId, query }) => sql`
          WITH made AS (
            INSERT INTO control.insights
              (id, project_id, name, description, query, chart, created_by, updated_by)
            SELECT ${id}::uuid, ${projectId}::bigint, ${name}, ${description}, ${query},
                   ${chart}, ${by}, ${by}
             WHERE (SELECT count(*) FROM control.insights
                     WHERE project_id = ${projectId}) < ${MAX_INSIGHTS}
            RETURNING *
          ), kept AS (${intoVersions})
          SELECT ${columns} FROM made`
      })

      const selectByIds = SqlSchema.findAll({
        Request: Schema.Struct({
          projectId: ProjectIdColumn,
          ids: Schema.Array(Schema.String)
        }),
        Result: Row,
        execute: ({ ids, projectId }) => sql`
          SELECT ${columns} FROM control.insights
           WHERE project_id = ${projectId} AND id = ANY(${ids}::uuid[])`
      })

      const selectPage = SqlSchema.findAll({
        Request: Schema.Struct({
          projectId: ProjectIdColumn,
          after: Schema.NullOr(Schema.String),
          limit: Schema.Int
        }),
        Result: Row,
        execute: ({ after, limit, projectId }) => sql`
          SELECT ${columns} FROM control.insights
           WHERE project_id = ${projectId}
             AND (${after}::uuid IS NULL OR id > ${after}::uuid)
           ORDER BY id LIMIT ${limit}`
      })

      const updateRow = SqlSchema.findOneOption({
        Request: Schema.Struct({
          ...Of.fields,
          version: Schema.Int,
          name: Schema.NullOr(Schema.String),
          description: Schema.NullOr(Schema.String),
          query: Schema.NullOr(stored.query),
          chart: Schema.NullOr(stored.chart),
          by: Schema.String
        }),
        Result: Row,
        execute: ({ by, chart, description, id, name, projectId, query, version }) =>
          sql`
          WITH made AS (
            UPDATE control.insights
               SET version = version + 1,
                   name = coalesce(${name}::text, name),
                   description = coalesce(${description}::text, description),
                   query = coalesce(${query}::text, query),
                   chart = coalesce(${chart}::text, chart),
                   updated_by = ${by},
                   updated_at = now()
             WHERE id = ${id}::uuid AND project_id = ${projectId}
               AND version = ${version}
            RETURNING *
          ), kept AS (${intoVersions}), gone AS (
            DELETE FROM control.insight_versions AS v USING made
             WHERE v.insight = made.id AND v.version <= made.version - ${MAX_VERSIONS}
          )
          SELECT ${columns} FROM made`
      })

      const deleteRow = SqlSchema.findOneOption({
        Request: Of,
        Result: Schema.Struct({ id: Schema.String }),
        execute: ({ id, projectId }) => sql`
          DELETE FROM control.insights
           WHERE id = ${id}::uuid AND project_id = ${projectId}
          RETURNING id`
      })

      const selectShowing = SqlSchema.findAll({
        Request: Of,
        Result: Schema.Struct({ id: Schema.String, name: Schema.String }),
        execute: ({ id, projectId }) => sql`
          SELECT d.id, d.name
            FROM control.dashboard_insights AS i
            JOIN control.dashboards AS d ON d.id = i.dashboard
           WHERE i.project_id = ${projectId} AND i.insight = ${id}::uuid
           ORDER BY d.id LIMIT ${MAX_NAMED}`
      })

      const asked = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        effect.pipe(within("5 seconds"))
      const faults = { SqlError: unavailable, SchemaError: Effect.die } as const

      const byIds = Effect.fn("InsightRepo.byIds")(
        (projectId: ProjectId, ids: ReadonlyArray<InsightId>) =>
          asked(selectByIds({ projectId, ids })),
        Effect.catchTags(faults)
      )

      const inUse = (projectId: ProjectId, id: InsightId) =>
        asked(selectShowing({ projectId, id })).pipe(
          Effect.flatMap((dashboards) => Effect.fail(new InsightInUse({ dashboards }))),
          Effect.catchTags(faults)
        )

      return InsightRepo.of({
        insert: Effect.fn("InsightRepo.insert")(
          (projectId: ProjectId, parts: InsightParts, by: string) =>
            // Ids grow with time, so that their order is that of making.
            asked(insertRow({ projectId, id: Bun.randomUUIDv7(), ...parts, by })),
          Effect.catchTags(faults)
        ),
        byId: (projectId, id) =>
          Effect.map(byIds(projectId, [id]), ([insight]) =>
            Option.fromUndefinedOr(insight)
          ),
        byIds,
        page: Effect.fn("InsightRepo.page")(
          (projectId: ProjectId, after: InsightId | undefined, limit: number) =>
            asked(selectPage({ projectId, after: after ?? null, limit })),
          Effect.catchTags(faults)
        ),
        update: Effect.fn("InsightRepo.update")(
          (
            projectId: ProjectId,
            id: InsightId,
            version: number,
            change: Partial<InsightParts>,
            by: string
          ) =>
            asked(
              updateRow({
                projectId,
                id,
                version,
                name: change.name ?? null,
                description: change.description ?? null,
                query: change.query ?? null,
                chart: change.chart ?? null,
                by
              })
            ),
          Effect.catchTags(faults)
        ),
        remove: Effect.fn("InsightRepo.remove")(function* (projectId, id) {
          const removed = yield* asked(deleteRow({ projectId, id })).pipe(
            Effect.catchTags({
              SqlError: (error: SqlError.SqlError) =>
                sqlState(error) === REFERRED_TO
                  ? inUse(projectId, id)
                  : unavailable(error),
              SchemaError: Effect.die
            })
          )
          return Option.map(removed, (row) => row.id)
        })
      })
    })
  )
}

/** `foreign_key_violation` */
const REFERRED_TO = "23503"

/** What was just made is its newest version. */
const insertVersion = `
  INSERT INTO control.insight_versions
    (insight, version, project_id, name, description, query, chart, created_by,
     created_at)
  SELECT id, version, project_id, name, description, query, chart, updated_by, updated_at
    FROM made`
