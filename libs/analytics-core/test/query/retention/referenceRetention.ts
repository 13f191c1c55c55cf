export interface ReferenceEvent {
  readonly person: number
  readonly at: number
  readonly isStart: boolean
  readonly isReturn: boolean
}

export interface ReferenceRetention {
  readonly mode: "first_time" | "recurring"
  readonly periods: number
  readonly onOrAfter: boolean
  /** Own periods of that length from the first start in the bucket; else the buckets. */
  readonly windowMs?: number
  /** Starts of the buckets, and the end of the range. */
  readonly starts: ReadonlyArray<number>
  readonly from: number
  readonly to: number
}

/** Asks the definition of each cell of each person, one after the other. */
export const retention = (
  query: ReferenceRetention,
  events: ReadonlyArray<ReferenceEvent>
): ReadonlyArray<ReadonlyArray<number>> =>
  query.starts.map((_, cohort) =>
    Array.from(
      { length: Math.min(query.periods, query.starts.length - cohort) },
      (_, period) =>
        new Set(
          events
            .map(({ person }) => person)
            .filter((person) =>
              isCounted(
                query,
                events.filter((event) => event.person === person),
                cohort,
                period
              )
            )
        ).size
    )
  )

const isCounted = (
  query: ReferenceRetention,
  events: ReadonlyArray<ReferenceEvent>,
  cohort: number,
  period: number
): boolean => {
  const starts = events.filter(({ isStart }) => isStart).map(({ at }) => at)
  const [low, high] = [
    Math.max(query.from, query.starts[cohort] ?? 0),
    query.starts[cohort + 1] ?? query.to
  ]
  const inBucket = starts.filter((at) => at >= low && at < high)
  const began = Math.min(...inBucket)
  if (inBucket.length === 0) return false
  if (query.mode === "first_time" && Math.min(...starts) < began) return false
  if (period === 0) return true
  const returns = events
    .filter(({ isReturn, at }) => isReturn && at >= query.from)
    .map(({ at }) => at)
  return returns.some((at) => {
    if (query.windowMs === undefined) {
      const bucket = query.starts.findLastIndex((start) => start <= at)
      return (
        at < query.to &&
        (query.onOrAfter ? bucket >= cohort + period : bucket === cohort + period)
      )
    }
    const elapsed = Math.floor((at - began) / query.windowMs)
    return query.onOrAfter
      ? elapsed >= period &&
          at < Math.max(query.to, began + query.periods * query.windowMs)
      : elapsed === period
  })
}
