/** Which moments to learn from. Instants in epoch milliseconds. */
export interface CutPlan {
  /** Where the data ends: the watermark, or the last event if that is long ago. */
  readonly until: number
  /** Days of the target's window. */
  readonly targetDays: number
  readonly latenessHours?: number
  readonly count: number
  /** Days between two cuts; default the target's days, so that no label is shared. */
  readonly everyDays?: number
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The newest cuts whose label windows are over, oldest first. */
export const latestCuts = ({
  count,
  everyDays,
  latenessHours = 24,
  targetDays,
  until
}: CutPlan): ReadonlyArray<number> => {
  const newest = until - latenessHours * HOUR - targetDays * DAY
  const step = (everyDays ?? targetDays) * DAY
  return Array.from({ length: count }, (_, back) => newest - back * step).reverse()
}
