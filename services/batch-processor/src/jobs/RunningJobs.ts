import { BatchConfig } from "@analytics/config/BatchConfig"
import {
  Context,
  Deferred,
  Duration,
  Effect,
  Layer,
  Schedule,
  type Scope
} from "effect"
import type { Hold } from "./Hold.ts"
import { countRunning } from "./JobMetrics.ts"
import { type Lease, RunRepo } from "./RunRepo.ts"
import { cancelled, fenced, parked, type Stop } from "./Stop.ts"
import { Wakeups } from "./Wakeups.ts"

/** The jobs that this runner has in hand, and the sign of life that it gives for them. */
export class RunningJobs extends Context.Service<
  RunningJobs,
  {
    /** Until the scope closes. */
    hold(lease: Lease, timeLimit: number): Effect.Effect<Hold, never, Scope.Scope>
    /** The newest of this run here; waits for one with an epoch above `after`. */
    newest(jobId: string, run: number, after: number): Effect.Effect<Hold>
  }
>()("@analytics/batch-processor/jobs/RunningJobs") {
  static readonly layer = Layer.effect(
    RunningJobs,
    Effect.gen(function* () {
      const repo = yield* RunRepo
      const { heartbeatInterval } = yield* BatchConfig
      const wakeups = yield* Wakeups
      const all = new Set<Hold>()

      const beat = Effect.gen(function* () {
        const asked = [...all]
        if (asked.length === 0) return
        const waiting = new Set(
          asked.filter(({ waits }) => waits).map(({ lease }) => lease)
        )
        const beats = yield* repo.beat(
          asked.map(({ lease }) => lease),
          (lease) => waiting.has(lease)
        )
        const byId = new Map(beats.map((it) => [it.id, it]))
        for (const { lease, stop, timeLimit } of asked) {
          const now = byId.get(lease.jobId)
          if (now === undefined) yield* Deferred.succeed(stop, fenced)
          else if (now.state === "cancelling") yield* Deferred.succeed(stop, cancelled)
          else if (now.spentMs > timeLimit)
            yield* Deferred.succeed(stop, tookTooLong(timeLimit))
        }
      }).pipe(
        Effect.tapCause((cause) => Effect.logWarning("no heartbeat", cause)),
        Effect.ignoreCause
      )

      yield* Effect.raceFirst(wakeups.cancelled, Effect.sleep(heartbeatInterval)).pipe(
        Effect.andThen(beat),
        Effect.repeat(Schedule.forever),
        Effect.forkScoped
      )

      return RunningJobs.of({
        hold: Effect.fnUntraced(function* (lease, timeLimit) {
          const stop = yield* Deferred.make<Stop>()
          const entry: Hold = { lease, timeLimit, stop, waits: true }
          yield* Effect.acquireRelease(
            Effect.suspend(() => {
              all.add(entry)
              return countRunning(all.size)
            }),
            () =>
              Effect.suspend(() => {
                all.delete(entry)
                return countRunning(all.size)
              })
          )
          return entry
        }),
        newest: (jobId, run, after) =>
          Effect.sync(() => {
            const [hold] = [...all]
              .filter(({ lease }) => lease.jobId === jobId && lease.run === run)
              .sort((a, b) => b.lease.epoch - a.lease.epoch)
            return hold !== undefined && hold.lease.epoch > after ? hold : undefined
          }).pipe(
            Effect.flatMap((hold) =>
              hold === undefined ? Effect.fail("not yet") : Effect.succeed(hold)
            ),
            // Ended by the engine when the run is another runner's.
            Effect.retry(Schedule.spaced("100 millis")),
            Effect.orDie
          )
      })
    })
  )
}

const tookTooLong = (limit: number): Stop =>
  parked(
    "The job took longer than it may",
    `It ran for more than ${Duration.format(Duration.millis(limit))}. A retry goes on from its last checkpoint with the same time again.`
  )
