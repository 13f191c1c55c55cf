import { randomUUID } from "node:crypto"
import type { Block, ReportDocument } from "@analytics/reports/ReportDocument"
import { Clock, Effect, Ref } from "effect"
import { Analytics } from "../analytics/Analytics.ts"
import { AnalyticsUnavailable } from "../analytics/AnalyticsProblems.ts"
import { ReportInvalid } from "../definitions/DefinitionProblems.ts"
import { parameterValues, withTexts, withValues } from "../definitions/parameters.ts"
import type { Definition } from "../definitions/ReportDefinition.ts"
import { askPatiently, withinPatience } from "./askPatiently.ts"
import { sectionBlocks, titleOf } from "./sectionBlocks.ts"
import { rangeAt } from "./sectionQuery.ts"

/** What a document is made of, besides the definition. */
export interface Making {
  readonly projectId: number
  readonly definition: Definition
  readonly parameters: Readonly<Record<string, unknown>>
  readonly at: number | undefined
  readonly asOf: string | undefined
  readonly notices: ReportDocument["notices"]
  readonly sectionsAtOnce: number
}

const USUAL_RANGE = "last_7d"
/** Each is held against every bucket of every chart. */
const MOST_NOTES = 1000
/** Stored this much later than it happened, data still counts as complete. Milliseconds. */
const SETTLING = 15 * 60_000

const known: Readonly<Record<string, string>> = {
  watermark_stale: "Newer events may be stored: ingestion could not be asked.",
  history_changed:
    "Something was erased or has expired since, so an earlier report may have said more.",
  annotations_unavailable: "Annotations are missing: they could not be read.",
  annotations_many: `Only the newest ${MOST_NOTES} annotations are shown.`,
  forecast_unavailable: "Forecasts are missing: they could not be made.",
  forecast_history_short: "The range is too short to forecast some lines."
}

/** The documents of a definition: every section as of the same moment. */
export const makeDocument = Effect.fn("makeDocument")(function* ({
  asOf: askedAsOf,
  at: askedAt,
  definition,
  notices,
  parameters,
  projectId,
  sectionsAtOnce
}: Making) {
  const analytics = yield* Analytics
  const values = yield* parameterValues(definition, parameters)
  const project = yield* askPatiently(analytics.project(projectId))
  const asOf = askedAsOf ?? (yield* askPatiently(analytics.watermark))
  const now = yield* Clock.currentTimeMillis
  const at = askedAt ?? (askedAsOf === undefined ? now : Date.parse(askedAsOf))
  const timezone = definition.timezone ?? project.timezone
  const named = withValues(definition.range, values) ?? USUAL_RANGE
  const range = rangeAt(String(named), timezone, at)
  if (range === undefined)
    return yield* ReportInvalid.at("/definition/timezone", "Expected an IANA time zone")
  const { from, to } = range
  const filters = withValues(definition.filters ?? [], values)
  const warnings = yield* Ref.make<ReadonlySet<string>>(new Set())
  const notes = yield* askPatiently(analytics.annotations(projectId, from, to)).pipe(
    Effect.catch(({ detail }) =>
      Effect.logWarning("a report is made without annotations", {
        projectId,
        detail
      }).pipe(
        Effect.andThen(Ref.set(warnings, new Set(["annotations_unavailable"]))),
        Effect.as([])
      )
    )
  )
  if (notes.length > MOST_NOTES) yield* Ref.set(warnings, new Set(["annotations_many"]))
  const shared = {
    frame: {
      projectId,
      timezone,
      locale: definition.locale ?? "en",
      at,
      from,
      to,
      isRanged: definition.range !== undefined,
      asOf,
      filters: Array.isArray(filters) ? filters : [],
      values,
      group: `report:${randomUUID()}`
    },
    notes: notes.slice(-MOST_NOTES),
    quality: yield* Effect.cached(askPatiently(analytics.quality(projectId))),
    warnings
  }
  let asked = 0
  let away = 0
  const made = yield* Effect.forEach(
    definition.sections,
    (section) => {
      if (section.type !== "markdown" && section.type !== "page-break") asked++
      return sectionBlocks(section, shared).pipe(
        Effect.catch((problem) => {
          if (problem._tag === "AnalyticsUnavailable") away++
          const block: Block = {
            type: "failed",
            title: withTexts(titleOf(section), values),
            detail: problem.detail ?? problem.title
          }
          return Effect.as(
            Effect.logWarning("a section of a report failed", {
              projectId,
              detail: block.detail
            }),
            [block]
          )
        })
      )
    },
    { concurrency: sectionsAtOnce }
  )
  // A report of nothing but holes helps nobody; the same may work a moment later.
  if (asked > 0 && away === asked)
    return yield* new AnalyticsUnavailable({
      detail: "None of its sections could be asked."
    })
  const told = [...(yield* Ref.get(warnings))].sort()
  const document: ReportDocument = {
    title: withTexts(definition.title, values),
    ...(definition.subtitle === undefined
      ? {}
      : { subtitle: withTexts(definition.subtitle, values) }),
    project: project.name,
    timezone,
    locale: shared.frame.locale,
    from,
    to,
    asOf,
    notices: [
      ...notices,
      ...incomplete(notices, Math.min(at, Date.parse(to)), asOf),
      ...told.flatMap((warning) => {
        const text = known[warning]
        return text === undefined ? [] : [{ kind: "warning" as const, text }]
      })
    ],
    blocks: [...introduced(definition, values), ...made.flat()]
  }
  return document
}, withinPatience)

const introduced = (
  { description }: Definition,
  values: Parameters<typeof withTexts>[1]
): ReadonlyArray<Block> =>
  description === undefined || description === ""
    ? []
    : [{ type: "markdown", text: withTexts(description, values, "markdown") }]

const incomplete = (
  notices: ReportDocument["notices"],
  end: number,
  asOf: string
): ReportDocument["notices"] =>
  Date.parse(asOf) + SETTLING >= end ||
  notices.some(({ kind }) => kind === "incomplete")
    ? []
    : [
        {
          kind: "incomplete",
          text: "The data is not complete yet: events of the end of the range may be missing."
        }
      ]
