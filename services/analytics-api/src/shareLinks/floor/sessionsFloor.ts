import type { SessionsResult } from "@analytics/analytics-core/query/sessions/Sessions"

/**
 * How many people are behind all sessions is known, not behind fewer of them: what tells of
 * some is hidden, and so are percentiles, which are of one session.
 */
export const sessionsFloor = (
  {
    buckets,
    count,
    durationsSeconds,
    eventsPerSession,
    labels,
    people
  }: SessionsResult,
  floor: number
) => {
  const isShown = people >= floor
  const mean = (statistics: { readonly mean: number | null }) => ({
    mean: isShown ? statistics.mean : null,
    median: null,
    p95: null
  })
  return {
    count: isShown ? count : null,
    people: isShown ? people : null,
    bounceRate: null,
    durationsSeconds: mean(durationsSeconds),
    eventsPerSession: mean(eventsPerSession),
    entry: [],
    exit: [],
    buckets,
    labels,
    series: [{ breakdown: null, other: false, data: buckets.map(() => null) }]
  }
}
