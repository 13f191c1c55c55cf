import { Schema } from "effect"
import { BreakdownValue } from "../breakdownValue.ts"
import { commonFields } from "../Common.ts"
import { Filters } from "../Filter.ts"
import { PropertyPath } from "../Property.ts"

export const MAX_STEPS = 20
export const MAX_EXCLUSIONS = 10
/** An unordered funnel of steps that overlap keeps track of every set of them. */
export const MAX_OVERLAPPING_UNORDERED = 8
/** Breakdown groups beyond the largest ones are answered together, as `other`. */
export const MAX_GROUPS = 1000

const DAY = 86_400
const MAX_WINDOW_DAYS = 3660

const Step = Schema.Struct({
  event: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1))).annotate({
    description: "A stored event name; without it any track, page or screen matches"
  }),
  filters: Schema.optionalKey(Filters),
  optional: Schema.optionalKey(Schema.Boolean)
})

const Exclusion = Schema.Struct({
  event: Schema.String.check(Schema.isMinLength(1)),
  fromStep: Schema.Int,
  toStep: Schema.Int
}).annotate({
  description:
    "Its event strictly between the two steps, counted from 1, ends an attempt there"
})

export const FunnelRequest = Schema.Struct({
  ...commonFields,
  kind: Schema.Literal("funnel"),
  steps: Schema.Array(Step).check(Schema.isMinLength(1), Schema.isMaxLength(MAX_STEPS)),
  order: Schema.optionalKey(Schema.Literals(["ordered", "strict", "unordered"])),
  windowSeconds: Schema.Finite.check(
    Schema.isBetween({ minimum: 0.001, maximum: MAX_WINDOW_DAYS * DAY })
  ).annotate({ description: "From step 1, inclusive, to the millisecond" }),
  exclusions: Schema.optionalKey(
    Schema.Array(Exclusion).check(Schema.isMaxLength(MAX_EXCLUSIONS))
  ),
  breakdown: Schema.optionalKey(
    Schema.Array(PropertyPath).check(Schema.isMinLength(1), Schema.isMaxLength(3))
  ),
  breakdownStep: Schema.optionalKey(Schema.Int)
})
export type FunnelRequest = typeof FunnelRequest.Type

const Rate = Schema.NullOr(Schema.Finite)

const StepResult = Schema.Struct({
  event: Schema.NullOr(Schema.String),
  count: Schema.Int,
  rateFromPrevious: Rate,
  rateFromFirst: Rate,
  meanSeconds: Schema.NullOr(Schema.Finite),
  medianSeconds: Schema.NullOr(Schema.Finite)
})
export type FunnelStepResult = typeof StepResult.Type

const Group = Schema.Struct({
  breakdown: Schema.NullOr(Schema.Array(BreakdownValue)),
  other: Schema.Boolean,
  steps: Schema.Array(StepResult)
})
export type FunnelGroup = typeof Group.Type

export const FunnelResult = Schema.Struct({ groups: Schema.Array(Group) })
export type FunnelResult = typeof FunnelResult.Type

export const funnelExample = {
  kind: "funnel",
  from: "2025-03-01T00:00:00Z",
  to: "2025-04-01T00:00:00Z",
  timezone: "Europe/Berlin",
  steps: [
    { event: "Product Viewed" },
    { event: "Product Added", filters: [{ property: "price", op: "gte", value: 20 }] },
    { event: "Coupon Applied", optional: true },
    { event: "Order Completed" }
  ],
  order: "ordered",
  windowSeconds: 604_800,
  exclusions: [{ event: "Order Cancelled", fromStep: 1, toStep: 4 }],
  breakdown: ["$country"]
}
