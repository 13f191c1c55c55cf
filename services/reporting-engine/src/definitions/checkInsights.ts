import { Effect } from "effect"
import type { Analytics } from "../analytics/Analytics.ts"
import type { AnalyticsProblem } from "../analytics/AnalyticsProblems.ts"
import { ReportInvalid } from "./DefinitionProblems.ts"
import type { Definition } from "./ReportDefinition.ts"

/** Insights that sections name, with where. */
const namedIn = ({ sections }: Definition) =>
  sections.flatMap((section, at) => {
    const pointer = `/definition/sections/${at}`
    if (section.type === "insight")
      return [{ id: section.insight, pointer: `${pointer}/insight` }]
    if (section.type !== "metrics") return []
    return section.metrics.flatMap(({ insight }, metric) =>
      insight === undefined
        ? []
        : [{ id: insight, pointer: `${pointer}/metrics/${metric}/insight` }]
    )
  })

/**
 * Refuses a definition with insights that the project does not have. One that is deleted
 * later leaves a section that says so.
 */
export const checkInsights = Effect.fn("checkInsights")(function* (
  projectId: number,
  definition: Definition,
  insight: Analytics["Service"]["insight"]
): Effect.fn.Return<void, ReportInvalid | AnalyticsProblem> {
  const named = namedIn(definition)
  const missing = yield* Effect.filter(
    [...new Set(named.map(({ id }) => id))],
    (id) =>
      insight(projectId, id).pipe(
        Effect.as(false),
        Effect.catchTag("AnalyticsRefused", (refused) =>
          refused.answered === 404 ? Effect.succeed(true) : Effect.fail(refused)
        )
      ),
    { concurrency: 4 }
  )
  const errors = named.filter(({ id }) => missing.includes(id))
  if (errors.length > 0)
    return yield* new ReportInvalid({
      detail: "It names insights that are not there.",
      errors: errors.map(({ pointer }) => ({
        pointer,
        detail:
          "There is no such insight; `GET /v1/insights` of analytics-api lists them"
      }))
    })
})
