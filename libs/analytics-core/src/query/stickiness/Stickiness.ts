import { Schema } from "effect"
import { commonFields } from "../Common.ts"
import { intervals } from "../TimeBuckets.ts"

export const StickinessRequest = Schema.Struct({
  ...commonFields,
  kind: Schema.Literal("stickiness"),
  event: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1))).annotate({
    description: "A stored event name; without it any track, page or screen counts"
  }),
  interval: Schema.Literals(intervals),
  cumulative: Schema.optionalKey(Schema.Boolean).annotate({
    description: "People active in at least that many buckets, not in exactly so many"
  })
})
export type StickinessRequest = typeof StickinessRequest.Type

const Count = Schema.Struct({ buckets: Schema.Int, people: Schema.Int })

/** Every number from 1 to the buckets of the range, in order. */
export const StickinessResult = Schema.Struct({ counts: Schema.Array(Count) })
export type StickinessResult = typeof StickinessResult.Type

export const stickinessExample = {
  kind: "stickiness",
  range: "last_30d",
  timezone: "Europe/Berlin",
  event: "Order Completed",
  interval: "day",
  cumulative: true
}
