import { within } from "@analytics/database/PostgresRetry"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import { SqlClient, SqlSchema } from "effect/sql"
import { type ControlUnavailable, unavailable } from "../ControlUnavailable.ts"
import { ProjectIdColumn } from "../keys/KeyRows.ts"
import type { ProjectId } from "../projects/Project.ts"
import { InsightChart, type InsightId, InsightVersion, SavedQuery } from "./Insight.ts"

const Row = Schema.Struct({
  ...InsightVersion.fields,
  query: Schema.fromJsonString(SavedQuery),
  chart: Schema.fromJsonString(InsightChart),
  createdAt: Schema.Date
})

const Of = Schema.Struct({ projectId: ProjectIdColumn, insight: Schema.String })

/** What insights said. `InsightRepo` writes a version together with its insight. */
export class InsightVersionRepo extends Context.Service<
  InsightVersionRepo,
  {
    byVersion(
      projectId: ProjectId,
      insight: InsightId,
      version: number
    ): Effect.Effect<Option.Option<InsightVersion>, ControlUnavailable>
    /** Newest first, those before the one named. */
    page(
      projectId: ProjectId,
      insight: InsightId,
      before: number | undefined,
      limit: number
    ): Effect.Effect<ReadonlyArray<InsightVersion>, ControlUnavailable>
  }
>()("@analytics/analytics-api/insights/InsightVersionRepo") {
  static readonly layer = Layer.effect(
    InsightVersionRepo,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const columns = sql.literal(
        "version, name, description, query, chart, created_by, created_at"
      )

      const selectOne = SqlSchema.findOneOption({
        Request: Schema.Struct({ ...Of.fields, version: Schema.Int }),
        Result: Row,
        execute: ({ insight, projectId, version }) => sql`
          SELECT ${columns} FROM control.insight_versions
           WHERE project_id = ${projectId} AND insight = ${insight}::uuid
             AND version = ${version}`
      })

      const selectPage = SqlSchema.findAll({
        Request: Schema.Struct({
          ...Of.fields,
          before: Schema.NullOr(Schema.Int),
          limit: Schema.Int
        }),
        Result: Row,
        execute: ({ before, insight, limit, projectId }) => sql`
          SELECT ${columns} FROM control.insight_versions
           WHERE project_id = ${projectId} AND insight = ${insight}::uuid
             AND (${before}::integer IS NULL OR version < ${before}::integer)
           ORDER BY version DESC LIMIT ${limit}`
      })

      return InsightVersionRepo.of({
        byVersion: Effect.fn("InsightVersionRepo.byVersion")(
          (projectId: ProjectId, insight: InsightId, version: number) =>
            selectOne({ projectId, insight, version }).pipe(within("5 seconds")),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        ),
        page: Effect.fn("InsightVersionRepo.page")(
          (
            projectId: ProjectId,
            insight: InsightId,
            before: number | undefined,
            limit: number
          ) =>
            selectPage({ projectId, insight, before: before ?? null, limit }).pipe(
              within("5 seconds")
            ),
          Effect.catchTags({ SqlError: unavailable, SchemaError: Effect.die })
        )
      })
    })
  )
}
