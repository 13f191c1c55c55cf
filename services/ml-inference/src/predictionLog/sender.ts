import { Clock, Duration, Effect } from "effect"
import type { Attempted } from "./ImportAttempt.ts"
import type { LogMetrics } from "./LogMetrics.ts"

interface SenderOptions {
  readonly attempt: (
    projectId: number,
    events: ReadonlyArray<string>
  ) => Effect.Effect<Attempted>
  /** Ends when the process is about to. */
  readonly closing: Effect.Effect<void>
  readonly metrics: LogMetrics
  /** How long a batch is tried. */
  readonly patience: Duration.Duration
}

/** Milliseconds before the second attempt; twice as long before each that follows. */
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 30_000

/** Sends events until they are taken or given up, and counts which of it they were. */
export const makeSender = ({ attempt, closing, metrics, patience }: SenderOptions) => {
  /** Waits as long as it was asked to; without being asked, less if the process ends. */
  const pauseFor = (asked: number | undefined, usual: number) => {
    if (asked !== undefined) return Effect.sleep(Math.max(asked, FIRST_PAUSE))
    // A herd that comes back at once is what put it down.
    const jittered = usual * (0.5 + Math.random() / 2)
    return Effect.raceFirst(
      Effect.sleep(jittered),
      Effect.andThen(closing, Effect.sleep(Math.min(jittered, FIRST_PAUSE)))
    )
  }

  const patiently = Effect.fnUntraced(function* (
    projectId: number,
    events: ReadonlyArray<string>
  ) {
    const end = (yield* Clock.currentTimeMillis) + Duration.toMillis(patience)
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const attempted = yield* attempt(projectId, events)
      if (attempted._tag !== "Later") return attempted
      const now = yield* Clock.currentTimeMillis
      if (now + (attempted.pause ?? pause) > end) return attempted
      yield* pauseFor(attempted.pause, pause)
    }
  })

  /** The halves that are to be sent instead, if it was too much for one request. */
  const settled = (
    attempted: Attempted,
    events: ReadonlyArray<string>
  ): ReadonlyArray<ReadonlyArray<string>> => {
    switch (attempted._tag) {
      case "Taken": {
        const { accepted, refused } = attempted
        metrics.logged(accepted)
        metrics.dropped("refused", refused.length, refused[0] ?? "")
        return []
      }
      case "TooLarge": {
        // It may be told to take less than it does by default.
        const middle = Math.ceil(events.length / 2)
        if (middle < events.length)
          return [events.slice(0, middle), events.slice(middle)]
        metrics.dropped("refused", events.length, "larger than a request may be")
        return []
      }
      case "Refused":
        metrics.dropped("refused", events.length, attempted.detail)
        return []
      case "Later":
        metrics.dropped("unavailable", events.length, attempted.detail)
        return []
    }
  }

  return (projectId: number, events: ReadonlyArray<string>): Effect.Effect<void> => {
    let rest: ReadonlyArray<ReadonlyArray<string>> = [events]
    return Effect.gen(function* () {
      for (let [first] = rest; first !== undefined; [first] = rest) {
        const attempted = yield* patiently(projectId, first)
        rest = [...settled(attempted, first), ...rest.slice(1)]
      }
    }).pipe(
      Effect.onInterrupt(() =>
        Effect.sync(() =>
          metrics.dropped("stopped", rest.flat().length, "the process ended")
        )
      ),
      Effect.withSpan("PredictionLog.send", {
        attributes: { "project.id": projectId, events: events.length }
      })
    )
  }
}
