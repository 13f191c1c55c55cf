import type { RetentionAnswer } from "./Answers.ts"
import { bucketEnd, isInterval } from "./bucketEnd.ts"

type Cohorts = RetentionAnswer["cohorts"]

interface Periods {
  readonly interval: string
  readonly timezone: string
  /** Whether periods are of 24 hours from each person's own first event. */
  readonly own: boolean
  /** What is later is not known yet, epoch milliseconds. */
  readonly asOf: number
}

/**
 * Shares by cohort, null where the period is not over for everybody: whoever comes back
 * later in it would be counted as lost. A cohort itself (period 0) is whole by definition.
 */
export const closedRates = (
  cohorts: Cohorts,
  { asOf, interval, own, timezone }: Periods
): ReadonlyArray<ReadonlyArray<number | null>> => {
  const first = cohorts[0]
  if (first === undefined || !isInterval(interval))
    return cohorts.map(({ rates }) => rates)
  // Cohorts follow each other without a gap, so edges of one are edges of the next.
  const most = cohorts.reduce(
    (high, { rates }, index) => Math.max(high, index + rates.length),
    0
  )
  const edges = [Date.parse(first.start)]
  for (let at = edges[0] ?? 0; edges.length <= most + 1; edges.push(at))
    at = bucketEnd(at, interval, timezone)
  const late = own ? 1 : 0
  return cohorts.map(({ rates }, index) =>
    rates.map((rate, period) =>
      period === 0 || (edges[index + period + 1 + late] ?? 0) <= asOf ? rate : null
    )
  )
}
