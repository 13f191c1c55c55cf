import { Schema } from "effect"
import { BreakdownValue } from "../breakdownValue.ts"
import { commonFields } from "../Common.ts"
import { PropertyPath } from "../Property.ts"
import { TimeoutSeconds } from "../sessions/Sessions.ts"

/** Edges that an answer has at most. */
export const MAX_EDGES = 10_000

/** The value of a step. Types are distinct: `1` is not `"1"`. */
const Step = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])
export type Step = typeof Step.Type

export const PathsRequest = Schema.Struct({
  ...commonFields,
  kind: Schema.Literal("paths"),
  timeoutSeconds: Schema.optionalKey(TimeoutSeconds),
  property: Schema.optionalKey(PropertyPath).annotate({
    description:
      "What a step is called: the page path when absent (`context.page.path`, else `properties.path`, where they are text), `$event` for the event's name. Events without it are no steps"
  }),
  collapseRepeats: Schema.optionalKey(Schema.Boolean).annotate({
    description: "Equal steps in a row are one; true when absent"
  }),
  start: Schema.optionalKey(Step).annotate({
    description:
      "Sessions begin at their first such step; those without one are left out"
  }),
  end: Schema.optionalKey(Step).annotate({
    description:
      "Sessions end at their first such step (with `start`: the first after it); those without one are left out. Cut after `start` and before `maxSteps`"
  }),
  contains: Schema.optionalKey(Step).annotate({
    description: "Only sessions that have such a step after all cuts"
  }),
  maxSteps: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))
  ).annotate({ description: "Steps of a session that count; 5 when absent" }),
  positions: Schema.optionalKey(Schema.Boolean).annotate({
    description: "Whether equal transitions at different positions differ; true"
  }),
  minCount: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)))
})
export type PathsRequest = typeof PathsRequest.Type

const Edge = Schema.Struct({
  from: BreakdownValue,
  to: BreakdownValue,
  position: Schema.optionalKey(Schema.Int).annotate({
    description: "The step number of `from`, from 1; absent with `positions: false`"
  }),
  count: Schema.Int
})
export type Edge = typeof Edge.Type

export const PathsResult = Schema.Struct({
  edges: Schema.Array(Edge).annotate({
    description: "By count, then position, then values"
  }),
  truncated: Schema.Boolean.annotate({
    description: `Whether there are more than ${MAX_EDGES} edges, of which these are the most frequent`
  })
})
export type PathsResult = typeof PathsResult.Type

export const pathsExample = {
  kind: "paths",
  range: "last_7d",
  timezone: "Europe/Berlin",
  start: "/pricing",
  maxSteps: 4,
  minCount: 10
}
