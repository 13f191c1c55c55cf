import { Schema } from "effect"
import { commonFields, Instant } from "../Common.ts"
import { Filters } from "../Filter.ts"
import { PropertyPath } from "../Property.ts"
import { intervals } from "../TimeBuckets.ts"

export const propertyMeasures = [
  "sum",
  "avg",
  "min",
  "max",
  "median",
  "p75",
  "p90",
  "p95",
  "p99"
] as const
export type PropertyMeasure = (typeof propertyMeasures)[number]

export const Measure = Schema.Literals([
  "total",
  "unique_users",
  "sessions",
  ...propertyMeasures,
  "total_per_user",
  "active_users_trailing_7d",
  "active_users_trailing_30d"
])
export type Measure = typeof Measure.Type

export const isPropertyMeasure = (measure: Measure): measure is PropertyMeasure =>
  (propertyMeasures as ReadonlyArray<string>).includes(measure)

export const EventName = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(1000)
)

const Series = Schema.Struct({
  event: Schema.optionalKey(EventName),
  measure: Measure,
  property: Schema.optionalKey(PropertyPath),
  filters: Schema.optionalKey(Filters),
  name: Schema.optionalKey(
    Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))
  )
}).check(
  Schema.makeFilter((series) =>
    isPropertyMeasure(series.measure) && series.property === undefined
      ? { path: ["property"], issue: `${series.measure} needs a property` }
      : undefined
  )
)

/** `kind: "trends"`: measures of events over time. */
export const TrendsRequest = Schema.Struct({
  kind: Schema.Literal("trends"),
  ...commonFields,
  series: Schema.Array(Series).check(Schema.isMinLength(1), Schema.isMaxLength(26)),
  interval: Schema.Literals([...intervals, "none"]),
  breakdown: Schema.optionalKey(
    Schema.Array(PropertyPath).check(Schema.isMaxLength(3))
  ),
  breakdownLimit: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
  ),
  formula: Schema.optionalKey(
    Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(500))
  ),
  compare: Schema.optionalKey(
    Schema.Union([
      Schema.Literal("previous_period"),
      Schema.Struct({ from: Instant, to: Instant })
    ])
  ),
  forecast: Schema.optionalKey(
    Schema.Struct({
      horizon: Schema.Int.check(
        Schema.isBetween({ minimum: 1, maximum: 1000 })
      ).annotate({ description: "Buckets after the last whole one" }),
      level: Schema.optionalKey(
        Schema.Finite.check(Schema.isBetween({ minimum: 0.5, maximum: 0.99 }))
      ).annotate({
        description: "Chance of `lower` to `upper` to hold the value (0.9)"
      })
    })
  ).annotate({
    description:
      "The next buckets of every line, at most 26 lines, from the whole buckets of the range",
    examples: [{ horizon: 14, level: 0.9 }]
  }),
  anomalies: Schema.optionalKey(
    Schema.Struct({
      sensitivity: Schema.optionalKey(
        Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 0.2 }))
      ).annotate({ description: "Share of ordinary values that may be flagged (0.01)" })
    })
  ).annotate({
    description:
      "Which buckets of every line, at most 26 lines, are not as those before let expect",
    examples: [{ sensitivity: 0.01 }]
  })
})
export type TrendsRequest = typeof TrendsRequest.Type
