import { Schema } from "effect"
import { commonFields } from "../Common.ts"
import { Filters } from "../Filter.ts"
import { intervals } from "../TimeBuckets.ts"

export const MAX_PERIODS = 1000
/** Cohorts times periods of one answer. */
export const MAX_CELLS = 100_000

const Occurrence = Schema.Struct({
  event: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1))).annotate({
    description: "A stored event name; without it any track, page or screen matches"
  }),
  filters: Schema.optionalKey(Filters)
})

export const RetentionRequest = Schema.Struct({
  ...commonFields,
  kind: Schema.Literal("retention"),
  mode: Schema.Literals(["first_time", "recurring"]),
  start: Occurrence,
  return: Occurrence,
  interval: Schema.Literals(intervals),
  periods: Schema.Int.check(
    Schema.isBetween({ minimum: 1, maximum: MAX_PERIODS })
  ).annotate({ description: "Numbers of a row, the cohort's own period among them" }),
  onOrAfter: Schema.optionalKey(Schema.Boolean),
  windows: Schema.optionalKey(Schema.Literals(["calendar", "24h"])).annotate({
    description:
      "24h: periods of 24 hours (a week: seven times that) from each person's first start event in the bucket"
  })
})
export type RetentionRequest = typeof RetentionRequest.Type

const Cohort = Schema.Struct({
  start: Schema.String,
  size: Schema.Int,
  counts: Schema.Array(Schema.Int),
  rates: Schema.Array(Schema.NullOr(Schema.Finite))
})

export const RetentionResult = Schema.Struct({ cohorts: Schema.Array(Cohort) })
export type RetentionResult = typeof RetentionResult.Type

export const retentionExample = {
  kind: "retention",
  from: "2025-03-03T00:00:00Z",
  timezone: "UTC",
  mode: "first_time",
  start: { event: "Signed Up" },
  return: { event: "Order Completed" },
  interval: "week",
  periods: 8
}
