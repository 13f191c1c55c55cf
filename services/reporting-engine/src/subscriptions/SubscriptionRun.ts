import { Schema } from "effect"
import { HttpApiError } from "effect/http-api"
import { Whole } from "../delivery/Whole.ts"
import { SubscriptionId } from "./Subscription.ts"

export const SubscriptionRunState = Schema.Literals([
  "waiting",
  "sent",
  "skipped",
  "failed"
]).annotate({
  description:
    "`waiting`: for its data, or for services that are away; `sent`: it is in the ledger of deliveries; `skipped`: there was nothing to say"
})
export type SubscriptionRunState = typeof SubscriptionRunState.Type

/** A row of `reports.subscription_runs`. */
export const SubscriptionRunRow = Schema.Struct({
  id: Schema.String,
  projectId: Whole,
  subscriptionId: Schema.String,
  scheduledFor: Schema.Date,
  state: SubscriptionRunState,
  detail: Schema.NullOr(Schema.String),
  completeAt: Schema.NullOr(Schema.Date),
  giveUpAt: Schema.Date,
  dueAt: Schema.Date,
  failures: Schema.Int,
  epoch: Whole,
  jobRun: Schema.Int,
  incomplete: Schema.NullOr(Schema.Boolean),
  reportRun: Schema.NullOr(Schema.String),
  asOf: Schema.NullOr(Schema.Date),
  sentAt: Schema.NullOr(Schema.Date),
  revisionsLeft: Schema.Int,
  revisions: Schema.Int,
  reviseUntil: Schema.NullOr(Schema.Date),
  revisedAt: Schema.NullOr(Schema.Date),
  requestedBy: Schema.String,
  traceparent: Schema.NullOr(Schema.String),
  createdAt: Schema.Date
})
export type SubscriptionRunRow = typeof SubscriptionRunRow.Type

export const subscriptionRunColumns = `r.id, r.project_id, r.subscription_id,
  r.scheduled_for, r.state, r.detail, r.complete_at, r.give_up_at, r.due_at, r.failures,
  r.epoch, r.job_run, r.incomplete, r.report_run, r.as_of, r.sent_at, r.revisions_left,
  r.revisions, r.revise_until, r.revised_at, r.requested_by, r.traceparent, r.created_at`

const Instant = Schema.DateFromString
const orNull = Schema.NullOr

/** One time at which a subscription was due, as it is answered. */
export const SubscriptionRunAnswer = Schema.Struct({
  id: Schema.String,
  subscriptionId: SubscriptionId,
  scheduledFor: Instant.annotate({
    description: "When it was due; what it reports on is as of then"
  }),
  state: SubscriptionRunState,
  detail: orNull(Schema.String),
  completeAt: orNull(Instant).annotate({
    description: "Its data is complete once the watermark is there"
  }),
  giveUpAt: Instant.annotate({ description: "Sent then, complete or not" }),
  incomplete: orNull(Schema.Boolean),
  reportRunId: orNull(Schema.String).annotate({
    description: "What was sent last: `GET /v1/report-runs/{id}`"
  }),
  asOf: orNull(Instant),
  sentAt: orNull(Instant),
  revisions: Schema.Int.annotate({ description: "Revised reports that were sent" }),
  revisedAt: orNull(Instant),
  reviseUntil: orNull(Instant),
  about: Schema.String.annotate({
    description: "What `GET /v1/deliveries?about=` knows it by"
  }),
  requestedBy: Schema.String,
  createdAt: Instant
})
export type SubscriptionRunAnswer = typeof SubscriptionRunAnswer.Type

/** What deliveries of a run are about; of its n-th revised report with `#r<n>`. */
export const aboutRun = ({
  scheduledFor,
  subscriptionId
}: Pick<SubscriptionRunRow, "scheduledFor" | "subscriptionId">): string =>
  `subscription:${subscriptionId}@${scheduledFor.toISOString()}`

export const shownRun = (row: SubscriptionRunRow): SubscriptionRunAnswer => ({
  id: row.id,
  subscriptionId: row.subscriptionId,
  scheduledFor: row.scheduledFor,
  state: row.state,
  detail: row.detail,
  completeAt: row.completeAt,
  giveUpAt: row.giveUpAt,
  incomplete: row.incomplete,
  reportRunId: row.reportRun,
  asOf: row.asOf,
  sentAt: row.sentAt,
  revisions: row.revisions,
  revisedAt: row.revisedAt,
  reviseUntil: row.revisionsLeft > 0 ? row.reviseUntil : null,
  about: aboutRun(row),
  requestedBy: row.requestedBy,
  createdAt: row.createdAt
})

/** Nothing is reported on before it was. */
export class RunNotDue extends HttpApiError.Problem<RunNotDue>()("RunNotDue", {
  type: "urn:analytics:problem:subscription-run-not-due",
  status: 422,
  title: "It is not due yet"
}) {}
