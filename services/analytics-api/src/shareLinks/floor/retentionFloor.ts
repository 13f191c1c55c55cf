import type { RetentionResult } from "@analytics/analytics-core/query/retention/Retention"
import { apart, where } from "./apart.ts"

export interface RetentionForm {
  readonly onOrAfter: boolean
  /** Whether people are in several cohorts. */
  readonly isRecurring: boolean
}

/**
 * Who returned lies within the cohort, and who did not is the rest of it: both are at least
 * the floor, or the cell is hidden. Counts of "then or later" lie within each other. Whoever
 * returns to a recurring cohort is in a later one too, so that the rest of that one counts.
 */
export const retentionFloor = (
  { cohorts }: RetentionResult,
  { isRecurring, onOrAfter }: RetentionForm,
  floor: number
) => ({
  cohorts: cohorts.map(({ counts, rates, size, start }, cohort) => {
    const isCohort = size >= floor
    const inChain = onOrAfter ? apart([size, ...counts.slice(1)], floor) : undefined
    const shown = counts.map((count, period) => {
      if (period === 0) return isCohort
      const later = isRecurring ? cohorts[cohort + period]?.size : undefined
      return (
        isCohort &&
        count >= floor &&
        size - count >= floor &&
        (inChain?.[period] ?? true) &&
        (later === undefined || Math.abs(later - count) >= floor)
      )
    })
    return {
      start,
      size: isCohort ? size : null,
      counts: where(counts, shown),
      rates: where(rates, shown)
    }
  })
})
