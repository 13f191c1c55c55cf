import { Effect, Option } from "effect"
import { Analytics } from "../analytics/Analytics.ts"
import type { Definition } from "../definitions/ReportDefinition.ts"
import { ReportRepo } from "../definitions/ReportRepo.ts"
import type { Run } from "../runs/Run.ts"

const insightsOf = ({ sections }: Definition): ReadonlySet<string> =>
  new Set(
    sections.flatMap((section) =>
      section.type === "insight"
        ? [section.insight]
        : section.type === "metrics"
          ? section.metrics.flatMap(({ insight }) => insight ?? [])
          : []
    )
  )

/**
 * Names of the insights of a run's report that somebody changed after it was made: what
 * they say by now may be of another question.
 */
export const changedInsights = Effect.fn("changedInsights")(function* (run: Run) {
  const { createdAt, projectId, reportId, reportVersion } = run
  if (reportId === null) return []
  const reports = yield* ReportRepo
  const newest = yield* reports.byId(projectId, reportId)
  if (Option.isNone(newest)) return []
  const isNewest = reportVersion === null || reportVersion === newest.value.version
  const older = isNewest ? [] : yield* reports.versions(projectId, reportId)
  const { definition } =
    older.find(({ version }) => version === reportVersion) ?? newest.value
  const analytics = yield* Analytics
  const insights = yield* Effect.forEach(insightsOf(definition), (id) =>
    analytics.insight(projectId, id)
  )
  return insights.flatMap(({ name, updatedAt }) =>
    updatedAt !== undefined && Date.parse(updatedAt) > createdAt.getTime() ? [name] : []
  )
})
