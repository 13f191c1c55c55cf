import { BreakdownValue } from "@analytics/analytics-core/query/breakdownValue"
import { TimeZoneName } from "@analytics/analytics-core/query/Common"
import { Schema } from "effect"
import { alertIntervals } from "./alertBuckets.ts"
import { Condition } from "./Condition.ts"

const noNul = Schema.makeFilter((text: string) =>
  text.includes("\0") || !text.isWellFormed()
    ? "Expected text without NUL and lone surrogates"
    : undefined
)
const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200), noNul)
const Seconds = (maximum: number) =>
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

const Time = Schema.String.check(
  Schema.isPattern(/^([01]\d|2[0-3]):[0-5]\d$/u, { expected: "a time such as 22:30" })
)

const DAY = 86_400

/** Which line of the answer is watched. */
export const SeriesName = Schema.Struct({
  name: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(200), noNul)),
  breakdown: Schema.optionalKey(
    Schema.Array(BreakdownValue).check(Schema.isMaxLength(3))
  )
})
export type SeriesName = typeof SeriesName.Type

const QuietHours = Schema.Struct({ from: Time, to: Time })
const Days = Schema.Array(
  Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 }))
).check(Schema.isMinLength(1), Schema.isMaxLength(7))

const described = {
  name: Name,
  description: Schema.String.check(Schema.isMaxLength(2000), noNul),
  insightId: Schema.String.check(Schema.isUUID()).annotate({
    description: "The insight that is watched, as it is then; or give `query`"
  }),
  query: Schema.Record(Schema.String, Schema.Unknown).annotate({
    description:
      "A query of the kind trends, sessions, lifecycle or funnel instead of an insight; its range and interval are not looked at. Of a funnel, all of whose steps lie in one bucket, the conversion is watched: 0.25 is a quarter of those who began"
  }),
  series: SeriesName.annotate({
    description:
      "The line by its name and, where there is a breakdown, its values; the first one (the formula's, where there is one) without it. Of a funnel the name is the event of a step, the last one without it"
  }),
  interval: Schema.Literals(alertIntervals),
  timezone: TimeZoneName,
  weekStart: Schema.Literals(["monday", "sunday"]),
  graceSeconds: Seconds(7 * DAY).annotate({
    description: "How long after its end a bucket waits for late data (0)"
  }),
  reviseSeconds: Seconds(7 * DAY).annotate({
    description:
      "How long after its end a bucket is judged anew when late data changes it (86400)"
  }),
  failAfterSeconds: Schema.Int.check(
    Schema.isBetween({ minimum: 60, maximum: 7 * DAY })
  ).annotate({
    description: "When it is told that the alert cannot be evaluated (3600)"
  }),
  condition: Condition,
  destinations: Schema.Array(Schema.String.check(Schema.isUUID()))
    .check(Schema.isMaxLength(50))
    .annotate({ description: "Ids of destinations; none: history alone" }),
  tellResolved: Schema.Boolean.annotate({
    description: "Whether the end of what was told is told (true)"
  }),
  cooldownSeconds: Seconds(30 * DAY).annotate({
    description: "After a notice that it fires no other for so long (0)"
  }),
  quietHours: QuietHours.annotate({
    description:
      "By the wall clock of its time zone; notices wait for their end and are then one"
  }),
  days: Days.annotate({
    description: "Days of the week on which notices are sent, 1 is Monday (all)"
  })
}

/** What `POST /v1/alerts` takes. */
export const NewAlert = Schema.Struct({
  name: described.name,
  description: Schema.optionalKey(described.description),
  insightId: Schema.optionalKey(described.insightId),
  query: Schema.optionalKey(described.query),
  series: Schema.optionalKey(described.series),
  interval: described.interval,
  timezone: Schema.optionalKey(described.timezone).annotate({
    description: "IANA; the project's without it"
  }),
  weekStart: Schema.optionalKey(described.weekStart),
  graceSeconds: Schema.optionalKey(described.graceSeconds),
  reviseSeconds: Schema.optionalKey(described.reviseSeconds),
  failAfterSeconds: Schema.optionalKey(described.failAfterSeconds),
  condition: described.condition,
  destinations: Schema.optionalKey(described.destinations),
  tellResolved: Schema.optionalKey(described.tellResolved),
  cooldownSeconds: Schema.optionalKey(described.cooldownSeconds),
  quietHours: Schema.optionalKey(described.quietHours),
  days: Schema.optionalKey(described.days)
}).annotate({
  examples: [
    {
      name: "Orders dropped",
      query: { kind: "trends", series: [{ event: "Order", measure: "total" }] },
      interval: "day",
      condition: {
        kind: "change",
        versus: "week_ago",
        unit: "percent",
        direction: "down",
        value: 30,
        minimumVolume: 20
      },
      quietHours: { from: "22:00", to: "07:00" }
    }
  ]
})
export type NewAlert = typeof NewAlert.Type

/** What `PATCH` changes; null takes away. */
export const AlertChange = Schema.Struct({
  name: Schema.optionalKey(described.name),
  description: Schema.optionalKey(described.description),
  insightId: Schema.optionalKey(described.insightId),
  query: Schema.optionalKey(described.query),
  series: Schema.optionalKey(Schema.NullOr(described.series)),
  interval: Schema.optionalKey(described.interval),
  timezone: Schema.optionalKey(described.timezone),
  weekStart: Schema.optionalKey(described.weekStart),
  graceSeconds: Schema.optionalKey(described.graceSeconds),
  reviseSeconds: Schema.optionalKey(described.reviseSeconds),
  failAfterSeconds: Schema.optionalKey(described.failAfterSeconds),
  condition: Schema.optionalKey(described.condition),
  destinations: Schema.optionalKey(described.destinations),
  tellResolved: Schema.optionalKey(described.tellResolved),
  cooldownSeconds: Schema.optionalKey(described.cooldownSeconds),
  quietHours: Schema.optionalKey(Schema.NullOr(described.quietHours)),
  days: Schema.optionalKey(Schema.NullOr(described.days))
}).annotate({ examples: [{ cooldownSeconds: 7200 }] })
export type AlertChange = typeof AlertChange.Type

/** An alert with everything filled in, as it is kept and answered. */
export const AlertDefinition = Schema.Struct({
  name: described.name,
  description: described.description,
  insightId: Schema.NullOr(described.insightId),
  query: Schema.NullOr(described.query),
  series: Schema.NullOr(described.series),
  interval: described.interval,
  timezone: described.timezone,
  weekStart: described.weekStart,
  graceSeconds: described.graceSeconds,
  reviseSeconds: described.reviseSeconds,
  failAfterSeconds: described.failAfterSeconds,
  condition: described.condition,
  destinations: described.destinations,
  tellResolved: described.tellResolved,
  cooldownSeconds: described.cooldownSeconds,
  quietHours: Schema.NullOr(described.quietHours),
  days: Schema.NullOr(described.days)
})
export type AlertDefinition = typeof AlertDefinition.Type

/** What was left out is as it usually is. */
export const completed = (alert: NewAlert, timezone: string): AlertDefinition => ({
  description: "",
  insightId: null,
  query: null,
  series: null,
  weekStart: "monday",
  graceSeconds: 0,
  reviseSeconds: DAY,
  failAfterSeconds: 3600,
  destinations: [],
  tellResolved: true,
  cooldownSeconds: 0,
  quietHours: null,
  days: null,
  timezone,
  ...alert
})

/** A query takes the place of an insight, and the other way round. */
export const changed = (
  before: AlertDefinition,
  change: AlertChange
): AlertDefinition => ({
  ...before,
  ...(change.insightId === undefined ? {} : { query: null }),
  ...(change.query === undefined ? {} : { insightId: null }),
  ...change
})
