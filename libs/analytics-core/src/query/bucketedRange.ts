import { Effect } from "effect"
import { type Common, rangeOf, type TimeRange, zoneOf } from "./Common.ts"
import type { QueryContext } from "./Compiled.ts"
import { QueryInvalid } from "./QueryInvalid.ts"
import { type Interval, type TimeBuckets, timeBuckets } from "./TimeBuckets.ts"
import type { TimeZone } from "./TimeZone.ts"

/** More buckets than this make no answer. */
export const MAX_BUCKETS = 10_000

export interface BucketedRange {
  readonly zone: TimeZone
  readonly range: TimeRange
  readonly buckets: TimeBuckets
}

/** The asked range, cut into calendar buckets of the asked interval. */
export const bucketedRange = Effect.fnUntraced(function* (
  request: Common & { readonly interval: Interval },
  context: QueryContext
): Effect.fn.Return<BucketedRange, QueryInvalid> {
  const zone = yield* zoneOf(request, context)
  const range = yield* rangeOf(request, zone, context)
  const { interval, weekStart = "monday" } = request
  const limit = MAX_BUCKETS
  const buckets = timeBuckets({ zone, interval, weekStart, ...range, limit })
  if (buckets === undefined)
    return yield* QueryInvalid.at(
      "/interval",
      `At most ${MAX_BUCKETS} buckets: ask for a longer interval or a shorter range`
    )
  return { zone, range, buckets }
})
