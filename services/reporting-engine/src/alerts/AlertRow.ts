import { Schema, SchemaTransformation } from "effect"
import { AlertDefinition } from "./AlertDefinition.ts"
import type { AlertState } from "./alertMachine.ts"

/** A bigint column, of numbers far below 2^53. */
export const Whole = Schema.BigInt.pipe(
  Schema.decodeTo(
    Schema.Int,
    SchemaTransformation.transform({ decode: Number, encode: BigInt })
  )
)
const Instant = Schema.Date
const Phase = Schema.Literals(["ok", "firing"])

/** A row of `reports.alerts`. */
export const AlertRow = Schema.Struct({
  id: Schema.String,
  projectId: Whole,
  definition: AlertDefinition,
  version: Schema.Int,
  phase: Phase,
  episode: Schema.Int,
  told: Schema.Boolean,
  toldAt: Schema.NullOr(Instant),
  firedBucket: Schema.NullOr(Instant),
  acknowledgedAt: Schema.NullOr(Instant),
  acknowledgedBy: Schema.NullOr(Schema.String),
  mutedUntil: Schema.NullOr(Instant),
  pausedAt: Schema.NullOr(Instant),
  nextBucket: Instant,
  nextAt: Instant,
  failingSince: Schema.NullOr(Instant),
  failure: Schema.NullOr(Schema.String),
  attempts: Schema.Int,
  outage: Schema.Int,
  outageTold: Schema.Boolean,
  epoch: Whole,
  createdBy: Schema.String,
  createdAt: Instant,
  updatedAt: Instant
})
export type AlertRow = typeof AlertRow.Type

export const alertColumns = `
  a.id, a.project_id, a.definition, a.version, a.phase, a.episode, a.told, a.told_at,
  a.fired_bucket, a.acknowledged_at, a.acknowledged_by, a.muted_until, a.paused_at,
  a.next_bucket, a.next_at, a.failing_since, a.failure, a.attempts, a.outage,
  a.outage_told, a.epoch, a.created_by, a.created_at, a.updated_at`

/** What the machine remembers, as the row has it. */
export const stateOf = (row: AlertRow): AlertState => ({
  phase: row.phase,
  episode: row.episode,
  told: row.told,
  toldAt: row.toldAt?.getTime() ?? null,
  firedBucket: row.firedBucket?.getTime() ?? null,
  acknowledged: row.acknowledgedAt !== null
})

/** A judged bucket, or a gap of buckets that were not. */
export const EvaluationRow = Schema.Struct({
  bucket: Instant,
  bucketEnd: Instant,
  label: Schema.String,
  value: Schema.NullOr(Schema.Finite),
  expected: Schema.NullOr(Schema.Finite),
  verdict: Schema.Literals(["ok", "breach", "unknown", "skipped"]),
  reason: Schema.String,
  phase: Phase,
  asOf: Schema.NullOr(Instant),
  evaluatedAt: Instant,
  revisions: Schema.Array(
    Schema.Struct({
      value: Schema.NullOr(Schema.Finite),
      verdict: Schema.String,
      reason: Schema.String,
      asOf: Schema.NullOr(Schema.String),
      evaluatedAt: Schema.String
    })
  )
})
export type EvaluationRow = typeof EvaluationRow.Type

export const evaluationColumns = `
  e.bucket, e.bucket_end, e.label, e.value, e.expected, e.verdict, e.reason, e.phase,
  e.as_of, e.evaluated_at, e.revisions`

/** What a notice says of itself, until it is put into a message. */
export const NoticeContent = Schema.Struct({
  label: Schema.NullOr(Schema.String),
  value: Schema.NullOr(Schema.Finite),
  expected: Schema.NullOr(Schema.Finite),
  reason: Schema.String
})
export type NoticeContent = typeof NoticeContent.Type

export const NoticeRow = Schema.Struct({
  id: Schema.String,
  key: Schema.String,
  kind: Schema.Literals([
    "fired",
    "resolved",
    "late",
    "outage",
    "recovered",
    "skipped"
  ]),
  at: Instant,
  content: NoticeContent,
  dueAt: Instant,
  heldBy: Schema.NullOr(Schema.String),
  sentAt: Schema.NullOr(Instant),
  message: Schema.NullOr(Schema.String),
  attempts: Schema.Int,
  failure: Schema.NullOr(Schema.String)
})
export type NoticeRow = typeof NoticeRow.Type

export const noticeColumns = `
  n.id, n.key, n.kind, n.at, n.content, n.due_at, n.held_by, n.sent_at, n.message,
  n.attempts, n.failure`
