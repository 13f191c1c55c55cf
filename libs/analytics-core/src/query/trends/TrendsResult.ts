import { Schema } from "effect"
import { BreakdownValue } from "../breakdownValue.ts"

const Data = Schema.Array(Schema.NullOr(Schema.Finite))

export const TrendsSeries = Schema.Struct({
  name: Schema.String,
  /** One value per breakdown property, in its JSON type; null without a breakdown. */
  breakdown: Schema.NullOr(Schema.Array(BreakdownValue)),
  /** Everything beyond the largest groups, together. */
  other: Schema.Boolean,
  /** One number per bucket. */
  data: Data
})
export type TrendsSeries = typeof TrendsSeries.Type

const Lines = {
  /** Where each bucket begins, as instants. */
  buckets: Schema.Array(Schema.String),
  labels: Schema.Array(Schema.String),
  series: Schema.Array(TrendsSeries)
}
const TrendLines = Schema.Struct(Lines)
export type TrendLines = typeof TrendLines.Type

export const TrendsResult = Schema.Struct({
  ...Lines,
  compare: Schema.optionalKey(TrendLines)
})
export type TrendsResult = typeof TrendsResult.Type
