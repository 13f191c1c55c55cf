import { Effect } from "effect"
import { bucketedRange } from "../bucketedRange.ts"
import type { TimeRange } from "../Common.ts"
import type { QueryContext } from "../Compiled.ts"
import { QueryInvalid } from "../QueryInvalid.ts"
import { EARLIEST } from "../Sql.ts"
import { type TimeBuckets, timeBuckets } from "../TimeBuckets.ts"
import type { LifecycleRequest } from "./Lifecycle.ts"

export interface LifecyclePlan {
  readonly range: TimeRange
  /** Those of the answer. */
  readonly buckets: TimeBuckets
  /** The same with the bucket before the first one, whole, in front. */
  readonly withBefore: TimeBuckets
}

export const planLifecycle = Effect.fn("planLifecycle")(function* (
  request: LifecycleRequest,
  context: QueryContext
): Effect.fn.Return<LifecyclePlan, QueryInvalid> {
  const { buckets, range, zone } = yield* bucketedRange(request, context)
  const { interval, weekStart = "monday" } = request
  const [first = range.from] = buckets.starts
  const before = timeBuckets({
    ...{ zone, interval, weekStart, limit: 1 },
    from: first - 1,
    to: first
  })
  const start = before?.starts[0]
  if (before === undefined || start === undefined || start < EARLIEST)
    return yield* QueryInvalid.at("/from", "Expected a later instant")
  const withBefore = {
    starts: [start, ...buckets.starts],
    end: buckets.end,
    labels: [...before.labels, ...buckets.labels]
  }
  return { range, buckets, withBefore }
})
