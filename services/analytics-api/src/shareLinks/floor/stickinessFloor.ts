import type { StickinessResult } from "@analytics/analytics-core/query/stickiness/Stickiness"
import { apart } from "./apart.ts"

/** Nobody is in two of the counts, unless each holds the next. */
export const stickinessFloor = (
  { counts }: StickinessResult,
  isCumulative: boolean,
  floor: number
) => {
  const people = counts.map((count) => count.people)
  const shown = isCumulative
    ? apart(people, floor)
    : people.map((count) => count >= floor)
  return {
    counts: counts.map((count, index) => ({
      buckets: count.buckets,
      people: shown[index] ? count.people : null
    }))
  }
}
