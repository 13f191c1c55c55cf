import { Clock, Context, Effect, Schedule } from "effect"
import type { AnalyticsProblem } from "../analytics/AnalyticsProblems.ts"

/** What is busy or away for a moment must not leave a hole in a report. */
const again = Schedule.min([
  Schedule.exponential("500 millis"),
  Schedule.spaced("5 seconds")
]).pipe(Schedule.jittered)
/** Of what is away. What has too much to do is asked for longer: a place becomes free. */
const MOST_TIMES = 4
/** Milliseconds. What takes so long to fail is not asked once more: a report has no time. */
const LONGEST_AWAY = 30_000
const LONGEST_BUSY = 90_000
/** Of all questions of one document together. */
const LONGEST_IN_ALL = 180_000

/** Epoch milliseconds: until then it is waited for what is busy. */
const BusyUntil = Context.Reference<number>(
  "@analytics/reporting-engine/runs/BusyUntil",
  { defaultValue: () => Number.POSITIVE_INFINITY }
)

/** Bounds how long the questions of one document wait together. */
export const withinPatience = <A, E, R>(document: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.provideService(document, BusyUntil, now + LONGEST_IN_ALL)
  )

export const askPatiently = Effect.fnUntraced(function* <A, R>(
  asked: Effect.Effect<A, AnalyticsProblem, R>
) {
  const begun = yield* Clock.currentTimeMillis
  const busyUntil = Math.min(begun + LONGEST_BUSY, yield* BusyUntil)
  let times = 0
  const isWorth = (problem: AnalyticsProblem) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      if (problem._tag !== "AnalyticsUnavailable") return false
      if (problem.retryAfter !== undefined) return now < busyUntil
      return times++ < MOST_TIMES && now - begun < LONGEST_AWAY
    })
  return yield* Effect.retry(asked, { while: isWorth, schedule: again })
})
