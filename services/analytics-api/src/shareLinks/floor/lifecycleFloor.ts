import type { LifecycleResult } from "@analytics/analytics-core/query/lifecycle/Lifecycle"

/**
 * Everybody active in one bucket returns in the next or stays away there: new + returning +
 * resurrecting = next returning + next dormant. Where one of the five is hidden a second one
 * is, and who returns is shown only if enough stay away.
 */
export const lifecycleFloor = (result: LifecycleResult, floor: number) => {
  const { buckets, dormant, labels, resurrecting, returning } = result
  const fresh = result.new
  const enough = (counts: ReadonlyArray<number>, bucket: number) =>
    Math.abs(counts[bucket] ?? 0) >= floor
  const isReturning = (bucket: number) =>
    enough(returning, bucket) && enough(dormant, bucket)
  const isActive = (bucket: number) =>
    enough(fresh, bucket) && isReturning(bucket) && enough(resurrecting, bucket)
  const isDormant = (bucket: number) =>
    isReturning(bucket) && (bucket === 0 || isActive(bucket - 1))
  const shown = (counts: ReadonlyArray<number>, isShown: (bucket: number) => boolean) =>
    counts.map((count, bucket) => (isShown(bucket) ? count : null))
  return {
    buckets,
    labels,
    new: shown(fresh, (bucket) => enough(fresh, bucket)),
    returning: shown(returning, isReturning),
    resurrecting: shown(resurrecting, (bucket) => enough(resurrecting, bucket)),
    dormant: shown(dormant, isDormant)
  }
}
