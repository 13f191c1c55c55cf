import type { AlertInterval } from "./alertBuckets.ts"
import type { ValueOfBucket } from "./judge.ts"

/** A past as long as this shows weeks, and a line over weeks of them. */
const enough: Readonly<Record<AlertInterval, number>> = {
  hour: 336,
  day: 42,
  week: 26
}

/**
 * Without the buckets before the first that has something: the time before a product was
 * there says nothing of it, and its jump from nothing would make everything look usual.
 * Where little would be left all stay: of what never happened, once is unusual.
 */
export const sinceItBegan = (
  values: ReadonlyArray<ValueOfBucket>,
  interval: AlertInterval
): ReadonlyArray<ValueOfBucket> => {
  const first = values.findIndex(({ value }) => value !== null && value !== 0)
  return values.length - first > enough[interval] && first > 0
    ? values.slice(first)
    : values
}
