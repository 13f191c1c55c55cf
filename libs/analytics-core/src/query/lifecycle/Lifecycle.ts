import { Schema } from "effect"
import { commonFields } from "../Common.ts"
import { intervals } from "../TimeBuckets.ts"

/** In the order of `state` in SQL. */
export const lifecycleStates = ["new", "returning", "resurrecting", "dormant"] as const
export type LifecycleState = (typeof lifecycleStates)[number]

export const LifecycleRequest = Schema.Struct({
  ...commonFields,
  kind: Schema.Literal("lifecycle"),
  event: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1))).annotate({
    description: "A stored event name; without it any track, page or screen counts"
  }),
  interval: Schema.Literals(intervals)
})
export type LifecycleRequest = typeof LifecycleRequest.Type

const Counts = Schema.Array(Schema.Int)

/** One number a bucket in each list. */
export const LifecycleResult = Schema.Struct({
  buckets: Schema.Array(Schema.String),
  labels: Schema.Array(Schema.String),
  new: Counts.annotate({
    description: "Whose first event ever (of those asked for) lies in the bucket"
  }),
  returning: Counts.annotate({ description: "Active in the bucket before, too" }),
  resurrecting: Counts.annotate({
    description: "Neither new nor active in the bucket before"
  }),
  dormant: Counts.annotate({
    description: "Active in the bucket before and not in this one; 0 or negative"
  })
})
export type LifecycleResult = typeof LifecycleResult.Type

export const lifecycleExample = {
  kind: "lifecycle",
  range: "last_30d",
  timezone: "Europe/Berlin",
  event: "Order Completed",
  interval: "week"
}
