import { BreakdownValue } from "@analytics/analytics-core/query/breakdownValue"
import { Schema } from "effect"

/** null: whoever holds a share link must not see it. */
const Count = Schema.NullOr(Schema.Int)
const Counts = Schema.Array(Count)
const Share = Schema.NullOr(Schema.Finite)

const group = {
  breakdown: Schema.NullOr(Schema.Array(BreakdownValue)),
  other: Schema.Boolean
}

/** What is read of answers of `/v1/query`, whole or as a share link shows them. */
export const FunnelAnswer = Schema.Struct({
  groups: Schema.Array(
    Schema.Struct({
      ...group,
      steps: Schema.Array(
        Schema.Struct({
          event: Schema.NullOr(Schema.String),
          count: Count,
          rateFromPrevious: Share,
          rateFromFirst: Share
        })
      )
    })
  )
})
export type FunnelAnswer = typeof FunnelAnswer.Type

export const RetentionAnswer = Schema.Struct({
  cohorts: Schema.Array(
    Schema.Struct({
      start: Schema.String,
      size: Count,
      counts: Counts,
      rates: Schema.Array(Share)
    })
  )
})
export type RetentionAnswer = typeof RetentionAnswer.Type

export const StickinessAnswer = Schema.Struct({
  counts: Schema.Array(Schema.Struct({ buckets: Schema.Int, people: Count }))
})
export type StickinessAnswer = typeof StickinessAnswer.Type

export const LifecycleAnswer = Schema.Struct({
  buckets: Schema.Array(Schema.String),
  labels: Schema.Array(Schema.String),
  new: Counts,
  returning: Counts,
  resurrecting: Counts,
  dormant: Counts
})
export type LifecycleAnswer = typeof LifecycleAnswer.Type

export const SessionsAnswer = Schema.Struct({
  count: Count,
  buckets: Schema.Array(Schema.String),
  labels: Schema.Array(Schema.String),
  series: Schema.Array(Schema.Struct({ ...group, data: Schema.Array(Share) }))
})
export type SessionsAnswer = typeof SessionsAnswer.Type
