import type { ReportDocument } from "@analytics/reports/ReportDocument"
import { Effect, Option } from "effect"
import { Analytics } from "../analytics/Analytics.ts"
import { ReportNotFound } from "../definitions/DefinitionProblems.ts"
import { parameterValues } from "../definitions/parameters.ts"
import { ReportRepo } from "../definitions/ReportRepo.ts"
import type { Run } from "../runs/Run.ts"
import { completeAt } from "./completeAt.ts"
import type { SubscriptionRow } from "./SubscriptionRow.ts"
import type { SubscriptionRunRow } from "./SubscriptionRun.ts"

/** A look at what is due: its row, and what it belongs to. */
export interface Look {
  readonly subscription: SubscriptionRow
  readonly run: SubscriptionRunRow
  /** Of this look. */
  readonly now: Date
}

export type Notices = ReportDocument["notices"]

/** How far data must be there, and how far it is. */
export const completeness = Effect.fn("completeness")(function* ({
  run,
  subscription
}: Look) {
  const analytics = yield* Analytics
  const { parameters, projectId, reportId } = subscription
  const report = yield* (yield* ReportRepo).byId(projectId, reportId)
  if (Option.isNone(report))
    return yield* new ReportNotFound({ detail: "The report was deleted." })
  const { definition } = report.value
  const values = yield* parameterValues(definition, parameters)
  const timezone = definition.timezone ?? (yield* analytics.project(projectId)).timezone
  const at = run.scheduledFor.getTime()
  return {
    completeAt: new Date(completeAt(definition, values, timezone, at)),
    watermark: new Date(yield* analytics.watermark),
    written: { timezone, locale: definition.locale ?? "en" }
  }
})

/** What is asked of a run: as the subscription has it, or as `like` was sent. */
export const askedRun = (
  { run, subscription }: Look,
  {
    key,
    like,
    notices,
    watermark
  }: {
    readonly key: string
    readonly notices: Notices
    readonly watermark: Date
    readonly like?: Run
  }
) => ({
  projectId: subscription.projectId,
  report: {
    id: like?.reportId ?? subscription.reportId,
    ...(typeof like?.reportVersion === "number" ? { version: like.reportVersion } : {})
  },
  parameters: like?.parameters ?? subscription.parameters,
  at: run.scheduledFor.getTime(),
  asOf: watermark.toISOString(),
  notices,
  formats: subscription.formats,
  reason: "subscription",
  key,
  actor: subscription.createdBy
})
