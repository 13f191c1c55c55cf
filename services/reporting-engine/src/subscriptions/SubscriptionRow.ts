import { RenderFormat } from "@analytics/reports/RenderFormat"
import { Schema } from "effect"
import { Whole } from "../delivery/Whole.ts"
import type { SubscriptionAnswer } from "./Subscription.ts"

/** What a team says of a subscription, as it is stored. */
export const SubscriptionFields = Schema.Struct({
  name: Schema.String,
  reportId: Schema.String,
  parameters: Schema.Record(Schema.String, Schema.Unknown),
  formats: Schema.Array(RenderFormat),
  destinations: Schema.Array(Schema.String),
  owners: Schema.Array(Schema.String),
  cron: Schema.String,
  timezone: Schema.String,
  missed: Schema.Literals(["skip", "once", "catch-up"]),
  maxWaitSeconds: Schema.Int,
  /** Revised reports of one time, at most; 0: it is not revised. */
  revisions: Schema.Int,
  reviseEverySeconds: Schema.Int,
  reviseForSeconds: Schema.Int,
  tolerance: Schema.Finite,
  skipEmpty: Schema.Boolean,
  enabled: Schema.Boolean
})
export type SubscriptionFields = typeof SubscriptionFields.Type

/** A row of `reports.subscriptions`. */
export const SubscriptionRow = Schema.Struct({
  ...SubscriptionFields.fields,
  id: Schema.String,
  projectId: Whole,
  version: Schema.Int,
  scheduledVersion: Schema.Int,
  scheduleProblem: Schema.NullOr(Schema.String),
  removedAt: Schema.NullOr(Schema.Date),
  createdBy: Schema.String,
  createdAt: Schema.Date,
  updatedAt: Schema.Date
})
export type SubscriptionRow = typeof SubscriptionRow.Type

export const subscriptionColumns = `s.id, s.project_id, s.name, s.report_id, s.parameters,
  s.formats, s.destinations, s.owners, s.cron, s.timezone, s.missed, s.max_wait_seconds,
  s.revisions, s.revise_every_seconds, s.revise_for_seconds, s.tolerance, s.skip_empty,
  s.enabled, s.version, s.scheduled_version, s.schedule_problem, s.removed_at,
  s.created_by, s.created_at, s.updated_at`

/** As it is answered. */
export const shownSubscription = (row: SubscriptionRow): SubscriptionAnswer => ({
  id: row.id,
  name: row.name,
  reportId: row.reportId,
  parameters: row.parameters,
  formats: row.formats,
  destinations: row.destinations,
  owners: row.owners,
  cron: row.cron,
  timezone: row.timezone,
  missed: row.missed,
  waitSeconds: row.maxWaitSeconds,
  revise:
    row.revisions === 0
      ? null
      : {
          forSeconds: row.reviseForSeconds,
          everySeconds: row.reviseEverySeconds,
          most: row.revisions,
          tolerance: row.tolerance
        },
  skipEmpty: row.skipEmpty,
  paused: !row.enabled,
  scheduled: row.scheduledVersion === row.version,
  scheduleProblem: row.scheduleProblem,
  version: row.version,
  createdBy: row.createdBy,
  createdAt: row.createdAt,
  updatedAt: row.updatedAt
})
