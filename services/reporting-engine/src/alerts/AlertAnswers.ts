import { Schema } from "effect"
import { AlertDefinition } from "./AlertDefinition.ts"
import type { AlertRow, EvaluationRow, NoticeRow } from "./AlertRow.ts"
import { NoticeContent } from "./AlertRow.ts"
import { BacktestAnswer } from "./Backtest.ts"

const Instant = Schema.DateFromString
const InstantOrNull = Schema.NullOr(Instant)

/** An alert as it is answered. */
export const AlertAnswer = Schema.Struct({
  id: Schema.String,
  projectId: Schema.Int,
  ...AlertDefinition.fields,
  version: Schema.Int,
  state: Schema.Literals(["ok", "firing", "acknowledged", "paused"]),
  firingSince: InstantOrNull.annotate({
    description: "Start of the bucket with which it began to fire"
  }),
  acknowledgedAt: InstantOrNull,
  acknowledgedBy: Schema.NullOr(Schema.String),
  mutedUntil: InstantOrNull,
  pausedAt: InstantOrNull,
  nextBucket: Instant.annotate({
    description: "Start of the first bucket that is not judged"
  }),
  problem: Schema.NullOr(
    Schema.Struct({ since: Instant, detail: Schema.String })
  ).annotate({ description: "Why it cannot be evaluated now" }),
  createdBy: Schema.String,
  createdAt: Instant,
  updatedAt: Instant
})
export type AlertAnswer = typeof AlertAnswer.Type

export const shownAlert = (row: AlertRow): AlertAnswer => ({
  ...row.definition,
  id: row.id,
  projectId: row.projectId,
  version: row.version,
  state: stateShown(row),
  firingSince: row.phase === "firing" ? row.firedBucket : null,
  acknowledgedAt: row.acknowledgedAt,
  acknowledgedBy: row.acknowledgedBy,
  mutedUntil: row.mutedUntil,
  pausedAt: row.pausedAt,
  nextBucket: row.nextBucket,
  problem:
    row.failingSince === null || row.failure === null
      ? null
      : { since: row.failingSince, detail: row.failure },
  createdBy: row.createdBy,
  createdAt: row.createdAt,
  updatedAt: row.updatedAt
})

const stateShown = ({ acknowledgedAt, pausedAt, phase }: AlertRow) => {
  if (pausedAt !== null) return "paused"
  return phase === "firing" && acknowledgedAt !== null ? "acknowledged" : phase
}

/** What a new alert is answered with. */
export const CreatedAlert = Schema.Struct({
  ...AlertAnswer.fields,
  backtest: BacktestAnswer.annotate({ description: "Of the last 30 buckets" })
})

export const AlertList = Schema.Struct({
  alerts: Schema.Array(AlertAnswer),
  nextCursor: Schema.NullOr(Schema.String)
})
export type AlertList = typeof AlertList.Type

export const EvaluationList = Schema.Struct({
  evaluations: Schema.Array(
    Schema.Struct({
      bucket: Instant,
      bucketEnd: Instant,
      label: Schema.String,
      value: Schema.NullOr(Schema.Finite),
      expected: Schema.NullOr(Schema.Finite),
      verdict: Schema.Literals(["ok", "breach", "unknown", "skipped"]),
      reason: Schema.String,
      phase: Schema.Literals(["ok", "firing"]).annotate({
        description: "What the alert was after it"
      }),
      asOf: InstantOrNull,
      evaluatedAt: Instant,
      revised: Schema.Boolean.annotate({
        description: "Late data changed it; `revisions` says what was judged before"
      }),
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
  ),
  nextCursor: Schema.NullOr(Instant)
})
export type EvaluationList = typeof EvaluationList.Type

export const shownEvaluation = (row: EvaluationRow) => ({
  ...row,
  revised: row.revisions.length > 0
})

export const NoticeList = Schema.Struct({
  notices: Schema.Array(
    Schema.Struct({
      id: Schema.String,
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
      state: Schema.Literals(["sent", "held", "waiting"]),
      dueAt: Instant,
      heldBy: Schema.NullOr(Schema.String),
      sentAt: InstantOrNull,
      message: Schema.NullOr(Schema.String).annotate({
        description: "Notices with the same one went out as one message"
      }),
      failure: Schema.NullOr(Schema.String).annotate({
        description: "Why it could not be handed to delivery the last time"
      })
    })
  ),
  nextCursor: Schema.NullOr(Schema.String)
})
export type NoticeList = typeof NoticeList.Type

/** `now` in epoch milliseconds. */
export const shownNotice = (row: NoticeRow, now: number) => {
  const isHeld = row.heldBy !== null && row.dueAt.getTime() > now
  const state: "sent" | "held" | "waiting" =
    row.sentAt !== null ? "sent" : isHeld ? "held" : "waiting"
  return { ...row, state }
}
