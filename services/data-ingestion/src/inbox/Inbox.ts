import { sqlState } from "@analytics/database/PostgresRetry"
import { exposed } from "@analytics/observability/exposed"
import { Context, Duration, Effect, Layer, Metric } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { inCommitSpan } from "./commitSpan.ts"
import { EventLog, type LogUnavailable } from "./EventLog.ts"
import { GroupCommit } from "./GroupCommit.ts"
import type { Submission } from "./InboxRow.ts"

/** One is prepared while others are written; more of them would only be smaller. */
const COMMITS_IN_FLIGHT = 3

const committed = exposed(
  Metric.counter("ingest.events.accepted", {
    description: "Events acknowledged",
    incremental: true
  })
)
const commitTime = exposed(
  Metric.histogram("ingest.commit.duration", {
    description: "Time from the start of a commit to its answer, in seconds",
    boundaries: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 10]
  })
)
const failures = exposed(
  Metric.counter("ingest.commit.failures", {
    description: "Commits that failed or whose outcome is unknown",
    incremental: true
  })
)

/** Makes events durable. Plain promises on the outside: it is called once per request. */
export class Inbox extends Context.Service<
  Inbox,
  {
    /**
     * Resolves after COMMIT. Rejects when the commit failed or its outcome is unknown: the
     * client sends again, and the loader drops what turns out to be double.
     */
    append(submission: Submission, bytes: number): Promise<void>
    /** Bytes submitted and not durable yet. */
    readonly pendingBytes: () => number
    /** Age of the oldest submission that is not durable yet, in milliseconds. */
    readonly age: () => number
  }
>()("@analytics/data-ingestion/inbox/Inbox") {
  /** Closes once everything submitted has been committed, or its timeout passed. */
  static readonly layer = Layer.effect(
    Inbox,
    Effect.gen(function* () {
      const log = yield* EventLog
      const run = Effect.runPromiseWith(yield* Effect.context<never>())
      const commit = Effect.fnUntraced(
        function* (submissions: ReadonlyArray<Submission>, slot: number) {
          const events = submissions.reduce((sum, { lines }) => sum + lines.length, 0)
          yield* Effect.annotateCurrentSpan({
            "ingest.requests": submissions.length,
            "ingest.events": events
          })
          const [time] = yield* Effect.timed(log.write(submissions, slot))
          yield* Metric.update(commitTime, Duration.toSeconds(time))
          yield* Metric.update(committed, events)
        },
        Effect.tapError((error) => onFailure(error)),
        (made, submissions) => inCommitSpan(made, submissions)
      )

      let loggedAt = 0
      let unlogged = 0
      const onFailure = (error: SqlError | LogUnavailable) =>
        Effect.gen(function* () {
          yield* Metric.update(failures, 1)
          // While Postgres is away hundreds of commits a second fail alike.
          const now = performance.now()
          if (now - loggedAt > 1000 || loggedAt === 0) {
            yield* Effect.logError("inbox commit failed").pipe(
              Effect.annotateLogs({ ...reasonOf(error), alike: unlogged })
            )
            loggedAt = now
            unlogged = 0
          } else unlogged++
        })

      const group = new GroupCommit<Submission>({
        slots: COMMITS_IN_FLIGHT,
        maxBytes: log.maxBytes,
        commit: (submissions, slot) => run(commit(submissions, slot))
      })
      yield* Effect.addFinalizer(() =>
        Effect.promise(() => group.drained()).pipe(Effect.timeoutOption("15 seconds"))
      )
      return Inbox.of({
        append: (item, bytes) => group.submit({ item, bytes }),
        pendingBytes: () => group.pendingBytes,
        age: () => group.age(performance.now())
      })
    })
  )
}

/** What the log or the connection said, without the statement and its values. */
const reasonOf = (error: SqlError | LogUnavailable) => {
  if (error._tag === "LogUnavailable") return { reason: error.reason }
  const { message, reason } = error
  return {
    reason: reason.cause instanceof Error ? reason.cause.message : message,
    sqlState: sqlState(error)
  }
}
