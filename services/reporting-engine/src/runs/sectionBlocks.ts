import type { Note } from "@analytics/reports/blocks/Asked"
import { blockOf } from "@analytics/reports/blocks/blockOf"
import type { Block } from "@analytics/reports/ReportDocument"
import { Effect, Ref } from "effect"
import { Analytics } from "../analytics/Analytics.ts"
import type { AnalyticsProblem } from "../analytics/AnalyticsProblems.ts"
import type { Answer, Quality } from "../analytics/AnalyticsViews.ts"
import { withTexts } from "../definitions/parameters.ts"
import type { Section } from "../definitions/ReportDefinition.ts"
import { askPatiently } from "./askPatiently.ts"
import { ingestionSection } from "./ingestionSection.ts"
import { metricSection } from "./metricSection.ts"
import { type Frame, insightRange, sectionQuery, zoneOf } from "./sectionQuery.ts"

/** What the sections of one document share. */
export interface Shared {
  readonly frame: Frame
  readonly notes: ReadonlyArray<Note>
  readonly quality: Effect.Effect<Quality, AnalyticsProblem>
  /** Warnings of answers. */
  readonly warnings: Ref.Ref<ReadonlySet<string>>
}

type Blocks = ReadonlyArray<Block>

const noted = ({ warnings }: Shared, { meta }: Answer) =>
  Ref.update(warnings, (all) => new Set([...all, ...meta.warnings]))

const described = (text: string | undefined, { values }: Frame) =>
  text === undefined || text === "" ? {} : { description: withTexts(text, values) }

const answered = ({ kind, meta, result }: Answer) => ({ kind, result, asOf: meta.asOf })

/** What a section says. Fails only with what its questions fail with. */
export const sectionBlocks = Effect.fn("sectionBlocks")(function* (
  section: Section,
  shared: Shared
): Effect.fn.Return<Blocks, AnalyticsProblem, Analytics> {
  const analytics = yield* Analytics
  const { frame, notes } = shared
  const { filters, group, projectId, timezone, values } = frame
  switch (section.type) {
    case "page-break":
      return [{ type: "page-break" }]
    case "markdown":
      return [{ type: "markdown", text: withTexts(section.text, values, "markdown") }]
    case "ingestion":
      return ingestionSection(
        { ...section, title: withTexts(section.title, values) },
        yield* shared.quality
      )
    case "metrics": {
      const noting = Analytics.of({
        ...analytics,
        query: (...asked) =>
          Effect.tap(analytics.query(...asked), (it) => noted(shared, it))
      })
      const made = yield* Effect.forEach(
        section.metrics,
        (wanted) =>
          metricSection(wanted, frame).pipe(
            Effect.provideService(Analytics, noting),
            Effect.result,
            Effect.map((result) => ({ title: withTexts(wanted.title, values), result }))
          ),
        { concurrency: 2 }
      )
      // A number that cannot be had takes no other with it.
      const metrics = made.flatMap(({ result, title }) =>
        result._tag === "Success" ? [{ title, metric: result.success ?? noNumber }] : []
      )
      const failed = made.flatMap(({ result, title }) =>
        result._tag === "Failure" ? [{ title, problem: result.failure }] : []
      )
      if (metrics.length === 0 && failed[0] !== undefined)
        return yield* failed[0].problem
      const missing = failed.map(({ problem, title }) => ({
        type: "failed" as const,
        title,
        detail: problem.detail ?? problem.title
      }))
      for (const { detail } of missing)
        yield* Effect.logWarning("a number of a report failed", { projectId, detail })
      return [{ type: "metrics", metrics }, ...missing]
    }
    case "insight": {
      // Its own range must not move while the report's moment stands.
      const saved = yield* askPatiently(analytics.insight(projectId, section.insight))
      const own = insightRange(saved.query, frame)
      const { answer, insight } = yield* askPatiently(
        analytics.result(
          projectId,
          section.insight,
          { ...own, asOf: frame.asOf, ...(filters.length > 0 ? { filters } : {}) },
          { group }
        )
      )
      yield* noted(shared, answer)
      return [
        blockOf({
          title: withTexts(section.title ?? insight.name, values),
          ...described(section.description ?? insight.description, frame),
          request: { ...insight.query, ...own },
          answer: answered(answer),
          timezone: own.timezone ?? timezone,
          shown: section.chart ?? insight.chart,
          table: section.table ?? false,
          notes
        })
      ]
    }
    case "query":
    case "table": {
      const request = sectionQuery(section.query, frame)
      const answer = yield* askPatiently(analytics.query(projectId, request, { group }))
      yield* noted(shared, answer)
      return [
        blockOf({
          title: withTexts(section.title, values),
          ...described(section.description, frame),
          request,
          answer: answered(answer),
          timezone: zoneOf(request, frame),
          ...(section.type === "table"
            ? { shown: { form: "table" as const } }
            : section.chart === undefined
              ? {}
              : { shown: section.chart }),
          table: section.type === "query" && section.table === true,
          notes
        })
      ]
    }
  }
})

/** The answer is none that one number stands for. */
const noNumber = {
  form: "number",
  values: { kind: "number" },
  value: null
} as const

/** What a section that could not be made is called. */
export const titleOf = (section: Section): string => {
  switch (section.type) {
    case "markdown":
      return "Text"
    case "page-break":
      return "Page break"
    case "metrics":
      return section.metrics.map(({ title }) => title).join(", ")
    case "insight":
      return section.title ?? "Insight"
    default:
      return section.title
  }
}
