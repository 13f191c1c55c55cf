import { TimeZoneName } from "@analytics/analytics-core/query/Common"
import { conditionsIn, Filters } from "@analytics/analytics-core/query/Filter"
import { PropertyPath } from "@analytics/analytics-core/query/Property"
import { Schema } from "effect"
import { isOfEvents, pathsIn } from "./ofEvents.ts"

/** Feature windows and target windows, in days of 24 hours. */
const MAX_DAYS = 3660
export const MAX_FEATURES = 200
const MAX_VALUES = 100
/** Of all filters of a set of features together: they are all in one statement. */
const MAX_CONDITIONS_OF_FEATURES = 1000
export const MAX_CONDITIONS = 200

/** So many conditions, and the groups they are in, at most. */
export const conditionsUpTo = (most: number) =>
  Schema.makeFilter((value: unknown) =>
    conditionsIn(value) > most ? `At most ${most} conditions in all filters` : undefined
  )

export const Days = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: MAX_DAYS })
)

export const EventName = Schema.String.check(
  Schema.isMinLength(1),
  Schema.isMaxLength(1000)
)

const AS_OF_TODAY =
  "A trait in a filter would be as of today: ask for it by a feature of its own (trait_is, trait_number)"

/** Filters on what an event itself carries. */
export const EventFilters = Filters.check(
  conditionsUpTo(MAX_CONDITIONS),
  Schema.makeFilter((filters) =>
    filters.flatMap(pathsIn).every(isOfEvents) ? undefined : AS_OF_TODAY
  )
)

const EventProperty = PropertyPath.check(
  Schema.makeFilter((path) => (isOfEvents(path) ? undefined : AS_OF_TODAY))
)

/** Which events; without a name any track, page or screen. */
const matching = {
  event: Schema.optionalKey(EventName),
  filters: Schema.optionalKey(EventFilters)
}

/** How the feature is called; without it `featureName` says. */
const named = {
  name: Schema.optionalKey(
    Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))
  )
}

/** Of the events in `[cut − days, cut)`; without `days` of all before the cut. */
const windowed = { ...named, ...matching, days: Schema.optionalKey(Days) }

const Scalars = Schema.Array(
  Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])
).check(Schema.isMinLength(1), Schema.isMaxLength(MAX_VALUES))

const simpleKinds = [
  "count",
  "active_days",
  "days_since_last",
  "days_since_first",
  "mean_gap",
  "overdue"
] as const

const Simple = Schema.Struct({
  kind: Schema.Literals(simpleKinds),
  ...windowed
})

const Trend = Schema.Struct({
  kind: Schema.Literal("trend"),
  ...named,
  ...matching,
  days: Days
})

const NumberOf = Schema.Struct({
  kind: Schema.Literals(["sum", "avg", "min", "max", "last"]),
  property: EventProperty,
  ...windowed
})

const Distinct = Schema.Struct({
  kind: Schema.Literal("distinct"),
  property: EventProperty,
  ...windowed
})

const LatestIs = Schema.Struct({
  kind: Schema.Literal("latest_is"),
  property: EventProperty,
  in: Scalars,
  ...windowed
})

const TraitIs = Schema.Struct({
  kind: Schema.Literal("trait_is"),
  ...named,
  trait: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(1000)),
  in: Scalars
})

const TraitNumber = Schema.Struct({
  kind: Schema.Literal("trait_number"),
  ...named,
  trait: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(1000))
})

const hour = (maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

const HourShare = Schema.Struct({
  kind: Schema.Literal("hour_share"),
  fromHour: hour(23),
  toHour: hour(24),
  timezone: Schema.optionalKey(TimeZoneName),
  ...windowed
}).check(
  Schema.makeFilter(({ fromHour, toHour }) =>
    fromHour < toHour
      ? undefined
      : { path: ["toHour"], issue: "toHour must be greater than fromHour" }
  )
)

const WeekdayShare = Schema.Struct({
  kind: Schema.Literal("weekday_share"),
  weekdays: Schema.Array(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 }))
  ).check(Schema.isMinLength(1), Schema.isMaxLength(7)),
  timezone: Schema.optionalKey(TimeZoneName),
  ...windowed
})

/**
 * One number about a person, of what happened before a cut. Missing (NaN) where nothing
 * tells it; docs/features.md says what each kind means.
 */
export const FeatureSpec = Schema.Union([
  Simple,
  Trend,
  NumberOf,
  Distinct,
  LatestIs,
  TraitIs,
  TraitNumber,
  HourShare,
  WeekdayShare
])
export type FeatureSpec = typeof FeatureSpec.Type

/** The columns of a model's input, in their order. */
export const Features = Schema.Array(FeatureSpec).check(
  Schema.isMinLength(1),
  Schema.isMaxLength(MAX_FEATURES),
  conditionsUpTo(MAX_CONDITIONS_OF_FEATURES)
)

const Within = Schema.Struct({ ...matching, days: Days })

/** What is to be foretold: whether a person does it in `[cut, cut + days)`. */
export const Target = Schema.Struct({
  ...Within.fields,
  /** `does_not`: the label is 1 when nothing of it happens, as of people who leave. */
  outcome: Schema.optionalKey(Schema.Literals(["does", "does_not"]))
})
export type Target = typeof Target.Type
