import { CohortRule } from "@analytics/analytics-core/query/cohort/Cohort"
import { Schema } from "effect"
import {
  conditionsUpTo,
  Days,
  EventFilters,
  EventName,
  MAX_CONDITIONS
} from "./FeatureSpec.ts"

const Within = Schema.Struct({
  event: Schema.optionalKey(EventName),
  filters: Schema.optionalKey(EventFilters),
  days: Days
})

/** Who is looked at, judged at the cut. All that is given must hold. */
export const Population = Schema.Struct({
  /** Any of these events in `[cut − days, cut)`; without it any activity in 90 days. */
  did: Schema.optionalKey(Within),
  /** None of these in `[cut − days, cut)`. */
  didNot: Schema.optionalKey(Within),
  /** As a cohort's rule: `within` counts back from the cut, nothing after it is seen. */
  rule: Schema.optionalKey(CohortRule.check(conditionsUpTo(MAX_CONDITIONS)))
})
export type Population = typeof Population.Type

export const DEFAULT_POPULATION_DAYS = 90

/**
 * What of the past counts as known. `now`: everything known at the watermark, as history
 * that was imported needs it. `{withinHours}`: only events and identity links that were
 * known so many hours after the cut, as they will be when people are scored.
 */
export const Known = Schema.Union([
  Schema.Literal("now"),
  Schema.Struct({
    withinHours: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 24 * 366 }))
  })
])
export type Known = typeof Known.Type
