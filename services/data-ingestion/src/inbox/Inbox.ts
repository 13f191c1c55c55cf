import { hostname } from "node:os"
import { sqlState } from "@analytics/database/PostgresRetry"
import { Context, Duration, Effect, Layer, Metric } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { inCommitSpan } from "./commitSpan.ts"
import { GroupCommit } from "./GroupCommit.ts"
import { InboxPartitions } from "./InboxPartitions.ts"
import { InboxRepo } from "./InboxRepo.ts"
import { rowsOf, type Submission } from "./InboxRow.ts"
import { isOutdatedMap, ShardMap } from "./ShardMap.ts"

const MIB = 1024 * 1024

/** One is prepared while others are written; more of them would only be smaller. */
const COMMITS_IN_FLIGHT = 3

/** How often a commit follows a map that was changed meanwhile. */
const MAP_CHANGES = 3

/** A frame this large is far below what a message to Postgres may hold. */
const MAX_COMMIT_BYTES = 4 * MIB

const committed = Metric.counter("ingest.events.accepted", {
  description: "Events acknowledged",
  incremental: true
})
const commitTime = Metric.histogram("ingest.commit.duration", {
  description: "Time from the start of a commit to its answer, in seconds",
  boundaries: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 10]
})
const failures = Metric.counter("ingest.commit.failures", {
  description: "Commits that failed or whose outcome is unknown",
  incremental: true
})

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
      const repo = yield* InboxRepo
      const partitions = yield* InboxPartitions
      const shardMap = yield* ShardMap
      const run = Effect.runPromiseWith(yield* Effect.context<never>())
      // In a container both stay the same, so that the counters do not grow without end.
      const writer = `${hostname()}:${process.pid}`

      const commit = Effect.fnUntraced(
        function* (submissions: ReadonlyArray<Submission>, slot: number) {
          const events = submissions.reduce((sum, { lines }) => sum + lines.length, 0)
          yield* Effect.annotateCurrentSpan({
            "ingest.requests": submissions.length,
            "ingest.events": events
          })
          const attempt = Effect.suspend(() =>
            repo.commit(rowsOf(submissions, shardMap.current()), `${writer}:${slot}`)
          )
          const [time] = yield* Effect.timed(
            attempt.pipe(
              Effect.tapError((error) =>
                isOutdatedMap(error) ? shardMap.refresh : Effect.void
              ),
              Effect.retry({ while: isOutdatedMap, times: MAP_CHANGES })
            )
          )
          yield* Metric.update(commitTime, Duration.toSeconds(time))
          yield* Metric.update(committed, events)
        },
        Effect.tapError((error) => onFailure(error)),
        (made, submissions) => inCommitSpan(made, submissions)
      )

      let loggedAt = 0
      let unlogged = 0
      const onFailure = (error: SqlError) =>
        Effect.gen(function* () {
          yield* Metric.update(failures, 1)
          // While Postgres is away hundreds of commits a second fail alike.
          const now = performance.now()
          if (now - loggedAt > 1000 || loggedAt === 0) {
            yield* Effect.logError("inbox commit failed").pipe(
              Effect.annotateLogs({
                reason: reasonOf(error),
                sqlState: sqlState(error),
                alike: unlogged
              })
            )
            loggedAt = now
            unlogged = 0
          } else unlogged++
          // No partition for the row: somebody's clock or maintenance went wrong.
          if (sqlState(error) === "23514") yield* Effect.ignore(partitions.ensure)
        })

      const group = new GroupCommit<Submission>({
        slots: COMMITS_IN_FLIGHT,
        maxBytes: MAX_COMMIT_BYTES,
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

/** What Postgres or the connection said, without the statement and its values. */
const reasonOf = ({ message, reason }: SqlError): string =>
  reason.cause instanceof Error ? reason.cause.message : message
