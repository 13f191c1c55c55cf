import { Schema } from "effect"

const Amount = Schema.Finite.check(Schema.isBetween({ minimum: -1e15, maximum: 1e15 }))
const Volume = Schema.Finite.check(
  Schema.isBetween({ minimum: 0, maximum: 1e15 })
).annotate({
  description: "With less than this, both before and now, it does not fire (0)"
})
const Count = (maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum: 1, maximum }))

/** Above or below a number, in `buckets` of the last `of` buckets. */
export const ThresholdCondition = Schema.Struct({
  kind: Schema.Literal("threshold"),
  direction: Schema.Literals(["above", "below"]),
  value: Amount,
  buckets: Schema.optionalKey(Count(100)).annotate({
    description: "How many buckets must be beyond it (1)"
  }),
  of: Schema.optionalKey(Count(100)).annotate({
    description: "Of how many, the last one included (as many as `buckets`)"
  })
}).check(
  Schema.makeFilter(({ buckets = 1, of = buckets }) =>
    of < buckets
      ? { path: ["of"], issue: `At least as many as buckets, which is ${buckets}` }
      : undefined
  )
)

/** A bucket against one before it. */
export const ChangeCondition = Schema.Struct({
  kind: Schema.Literal("change"),
  versus: Schema.Literals(["previous", "week_ago", "mean"]).annotate({
    description:
      "The bucket before; the one at the same time of the week before; or the mean of the last `buckets`"
  }),
  buckets: Schema.optionalKey(Count(100)).annotate({
    description: "Of the mean (7)"
  }),
  unit: Schema.Literals(["percent", "absolute"]),
  direction: Schema.Literals(["up", "down", "any"]),
  value: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1e15 })).annotate({
    description: "It fires from this change on: 20 is 20 % with `percent`"
  }),
  minimumVolume: Schema.optionalKey(Volume)
})

/** Not as the buckets before let expect, as ml-inference says. */
export const AnomalyCondition = Schema.Struct({
  kind: Schema.Literal("anomaly"),
  direction: Schema.Literals(["high", "low", "any"]),
  sensitivity: Schema.optionalKey(
    Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 0.2 }))
  ).annotate({
    description: "Share of ordinary buckets that may fire (0.01): higher fires more"
  }),
  minimumVolume: Schema.optionalKey(Volume)
})

/** Nothing, where there usually is something. */
export const MissingCondition = Schema.Struct({
  kind: Schema.Literal("missing"),
  buckets: Schema.optionalKey(Count(48)).annotate({
    description:
      "How many buckets in a row must have no value, or 0 (1), while the same buckets of at least two of the four weeks before had something"
  })
})

export const Condition = Schema.Union([
  ThresholdCondition,
  ChangeCondition,
  AnomalyCondition,
  MissingCondition
])
export type Condition = typeof Condition.Type
