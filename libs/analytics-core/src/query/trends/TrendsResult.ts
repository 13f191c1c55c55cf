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

/** Which line of the answer, as there. */
const line = {
  name: Schema.String,
  breakdown: Schema.NullOr(Schema.Array(BreakdownValue)),
  other: Schema.Boolean
}

const TrendsForecast = Schema.Struct({
  /** The buckets after the last whole one; the first of them may be in the answer, too. */
  buckets: Schema.Array(Schema.String),
  labels: Schema.Array(Schema.String),
  level: Schema.Finite,
  /** One per line of the answer, in its order. */
  series: Schema.Array(
    Schema.Struct({
      ...line,
      /** What is expected, one per bucket; empty when there is no forecast. */
      data: Schema.Array(Schema.Finite),
      lower: Schema.Array(Schema.Finite),
      upper: Schema.Array(Schema.Finite),
      /** Which did best on the past of the line; null: no forecast, `refused` says why. */
      model: Schema.NullOr(Schema.String),
      /** Share of later buckets between such bounds in the past; null: too few to say. */
      coverage: Schema.NullOr(Schema.Finite),
      refused: Schema.NullOr(Schema.String)
    })
  )
})
export type TrendsForecast = typeof TrendsForecast.Type

const TrendsAnomalies = Schema.Struct({
  sensitivity: Schema.Finite,
  /** One per line of the answer, in its order. */
  series: Schema.Array(
    Schema.Struct({
      ...line,
      /** One per bucket of the answer; null: nothing could be expected, or it is not whole. */
      expected: Data,
      lower: Data,
      upper: Data,
      points: Schema.Array(
        Schema.Struct({
          bucket: Schema.String,
          label: Schema.String,
          kind: Schema.Literals(["high", "low", "missing"]),
          value: Schema.NullOr(Schema.Finite),
          /** Distance from what was expected: 1 at the bound. */
          score: Schema.NullOr(Schema.Finite)
        })
      ),
      /** From where on the line stays at another level. */
      changePoints: Schema.Array(
        Schema.Struct({
          bucket: Schema.String,
          label: Schema.String,
          before: Schema.Finite,
          after: Schema.Finite
        })
      )
    })
  )
})
export type TrendsAnomalies = typeof TrendsAnomalies.Type

export const TrendsResult = Schema.Struct({
  ...Lines,
  compare: Schema.optionalKey(TrendLines),
  forecast: Schema.optionalKey(TrendsForecast),
  anomalies: Schema.optionalKey(TrendsAnomalies)
})
export type TrendsResult = typeof TrendsResult.Type
