import { Effect, Schedule } from "effect"
import type { AnalyticsProblem } from "../analytics/AnalyticsProblems.ts"

/** What is busy or away for a moment must not leave a hole in a report. */
const again = Schedule.exponential("500 millis").pipe(Schedule.jittered)
const MOST_TIMES = 4

export const askPatiently = <A, R>(
  asked: Effect.Effect<A, AnalyticsProblem, R>
): Effect.Effect<A, AnalyticsProblem, R> =>
  Effect.retry(asked, {
    while: ({ _tag }) => _tag === "AnalyticsUnavailable",
    schedule: again,
    times: MOST_TIMES
  })
