import { Schema } from "effect"
import { BreakdownValue } from "../breakdownValue.ts"
import { commonFields } from "../Common.ts"
import { PropertyPath } from "../Property.ts"
import { intervals } from "../TimeBuckets.ts"

/** Values of `entry` and of `exit` that an answer has at most. */
export const MAX_VALUES = 1000
export const DEFAULT_PAGE = 100

/** A session never lasts longer than a day, so that no longer silence can be inside. */
export const TimeoutSeconds = Schema.Int.check(
  Schema.isBetween({ minimum: 1, maximum: 86_400 })
).annotate({
  description: "A longer silence ends a session; 1800 when absent. 24 hours always do"
})

export const SessionsRequest = Schema.Struct({
  ...commonFields,
  kind: Schema.Literal("sessions"),
  interval: Schema.optionalKey(Schema.Literals([...intervals, "none"])).annotate({
    description: "Of `series`; none, one bucket for the whole range, when absent"
  }),
  timeoutSeconds: Schema.optionalKey(TimeoutSeconds),
  property: Schema.optionalKey(PropertyPath).annotate({
    description:
      "Of entry and exit: what the first and the last event of a session hold there; the page path when absent (`context.page.path`, else `properties.path`, where they are text)"
  }),
  breakdown: Schema.optionalKey(
    Schema.Array(PropertyPath).check(Schema.isMaxLength(3))
  ).annotate({
    description: "Of `series`: by the first event of a session that the filters let by"
  }),
  breakdownLimit: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))
  ),
  list: Schema.optionalKey(Schema.Boolean).annotate({
    description: `The sessions themselves by start, in pages of \`limit\` (${DEFAULT_PAGE})`
  })
})
export type SessionsRequest = typeof SessionsRequest.Type

const Statistics = Schema.Struct({
  mean: Schema.NullOr(Schema.Finite),
  median: Schema.NullOr(Schema.Finite),
  p95: Schema.NullOr(Schema.Finite)
}).annotate({ description: "Exact, with linear interpolation; null without sessions" })

const ValueCount = Schema.Struct({ value: BreakdownValue, count: Schema.Int })
const ValueCounts = Schema.Array(ValueCount).annotate({
  description: `The ${MAX_VALUES} most frequent values by count, then value; null is a session whose event has none`
})
export type ValueCount = typeof ValueCount.Type

const ListedSession = Schema.Struct({
  personId: Schema.String,
  start: Schema.String,
  end: Schema.String,
  durationSeconds: Schema.Finite,
  events: Schema.Int,
  entry: BreakdownValue,
  exit: BreakdownValue
})
export type ListedSession = typeof ListedSession.Type

export const SessionsResult = Schema.Struct({
  count: Schema.Int,
  people: Schema.Int,
  bounceRate: Schema.NullOr(Schema.Finite).annotate({
    description: "Sessions of exactly one event; null without sessions"
  }),
  durationsSeconds: Statistics,
  eventsPerSession: Statistics,
  entry: ValueCounts,
  exit: ValueCounts,
  buckets: Schema.Array(Schema.String),
  labels: Schema.Array(Schema.String),
  series: Schema.Array(
    Schema.Struct({
      breakdown: Schema.NullOr(Schema.Array(BreakdownValue)),
      other: Schema.Boolean,
      data: Schema.Array(Schema.NullOr(Schema.Finite))
    })
  ),
  sessions: Schema.optionalKey(Schema.Array(ListedSession)),
  nextCursor: Schema.optionalKey(Schema.NullOr(Schema.String))
})
export type SessionsResult = typeof SessionsResult.Type

export const sessionsExample = {
  kind: "sessions",
  range: "last_7d",
  timezone: "Europe/Berlin",
  interval: "day",
  filters: [{ property: "$country", op: "is", value: "DE" }],
  breakdown: ["$channel"]
}
