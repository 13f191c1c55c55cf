import { type FeatureSpec, MAX_FEATURES } from "./FeatureSpec.ts"
import { featureName } from "./featureName.ts"

/** An event of the project as its catalogue knows it. */
export interface KnownEvent {
  readonly name: string
  /** How often it happened, if that is known: the most frequent are taken. */
  readonly count?: number
  /** Properties that hold numbers worth adding up, as amounts of money. */
  readonly numbers?: ReadonlyArray<string>
}

export interface DefaultFeaturesOptions {
  /** Events that get features of their own; default 12. The target should be among them. */
  readonly most?: number
  /** How far back anything is looked at, in days; default 90. */
  readonly days?: number
}

const MOST_NUMBERS = 3

/**
 * A good automatic set, so that training needs no features to be given: how lately, how
 * often, how regularly, rising or falling, how broadly, at what hours; the same of each
 * of the most frequent events, and what they are worth.
 */
export const defaultFeatures = (
  events: ReadonlyArray<KnownEvent>,
  { days = 90, most = 12 }: DefaultFeaturesOptions = {}
): ReadonlyArray<FeatureSpec> => {
  const short = Math.max(1, Math.round(days / 12))
  const middle = Math.max(short + 1, Math.round(days / 3))
  const chosen = [...events]
    .filter(
      ({ name }) => name !== "$identify" && name !== "$group" && name !== "$alias"
    )
    .sort((a, b) => (b.count ?? 0) - (a.count ?? 0))
    .slice(0, most)
  const overall: ReadonlyArray<FeatureSpec> = [
    { kind: "days_since_last", days },
    { kind: "days_since_first" },
    { kind: "count", days: short },
    { kind: "count", days: middle },
    { kind: "count", days },
    { kind: "active_days", days: short },
    { kind: "active_days", days: middle },
    { kind: "active_days", days },
    { kind: "mean_gap", days },
    { kind: "overdue", days },
    { kind: "trend", days: short },
    { kind: "trend", days: middle },
    { kind: "distinct", property: "$event", days },
    { kind: "hour_share", fromHour: 9, toHour: 18, days },
    { kind: "weekday_share", weekdays: [6, 7], days }
  ]
  const each = chosen.flatMap(({ name: event, numbers = [] }) => [
    ...featuresOf(event, { short, middle, days }),
    ...numbers
      .slice(0, MOST_NUMBERS)
      .flatMap((property) => amounts(event, property, days))
  ])
  // Short windows of few days may be the same.
  const byName = new Map([...overall, ...each].map((spec) => [featureName(spec), spec]))
  return [...byName.values()].slice(0, MAX_FEATURES)
}

interface Windows {
  readonly short: number
  readonly middle: number
  readonly days: number
}

const featuresOf = (
  event: string,
  { days, middle, short }: Windows
): ReadonlyArray<FeatureSpec> => [
  { kind: "days_since_last", event, days },
  { kind: "count", event, days: short },
  { kind: "count", event, days: middle },
  { kind: "count", event, days },
  { kind: "active_days", event, days },
  { kind: "overdue", event, days },
  { kind: "trend", event, days: middle }
]

const amounts = (
  event: string,
  property: string,
  days: number
): ReadonlyArray<FeatureSpec> =>
  (["sum", "avg", "max", "last"] as const).map((kind) => ({
    kind,
    event,
    property,
    days
  }))
