import { Effect, Option, Schedule } from "effect"
import {
  EntityAddress,
  EntityId,
  EntityType,
  MessageStorage,
  Sharding,
  Singleton
} from "effect/cluster"
import { DispatchRepo, type Silent, type Start } from "./DispatchRepo.ts"
import { countParked, countStartedAgain, countWaiting } from "./JobMetrics.ts"
import { JobTypes } from "./JobTypes.ts"
import { JobWorkflow } from "./JobWorkflow.ts"
import { Wakeups } from "./Wakeups.ts"

/** Starts in one round, so that one project's many do not hold up the next look. */
const AT_ONCE = 100
const SWEPT_AT_ONCE = 200
const MOST_REMEMBERED = 10_000

/** The one that decides what is started. Jobs wait while there is none. */
const dispatch = Effect.gen(function* () {
  const repo = yield* DispatchRepo
  const types = [...(yield* JobTypes).values()]
  const { queued } = yield* Wakeups
  yield* Effect.logInfo("this runner decides which jobs start")

  const begin = ({ id, run }: Start) =>
    JobWorkflow.execute({ jobId: id, run }, { discard: true }).pipe(
      Effect.timeout("10 seconds")
    )

  const start = (claimed: Start) =>
    begin(claimed).pipe(
      Effect.catchCause((cause) =>
        Effect.logWarning("a job could not be started", cause).pipe(
          Effect.annotateLogs({ job: claimed.id }),
          Effect.andThen(Effect.ignore(repo.unclaim(claimed)))
        )
      )
    )

  const round = Effect.gen(function* () {
    const claimed = yield* repo.claim(types, AT_ONCE)
    yield* Effect.forEach(claimed, start, { concurrency: 32, discard: true })
    return claimed.length
  })

  /** Silent runs that were started again, as `id/run`. */
  const again = new Set<string>()

  /**
   * The engine takes a second start for the first one. When that did not help, or the engine
   * believes that the run is over, the next run takes its place.
   */
  const startAgain = Effect.fn("Dispatcher.startAgain")(function* (silent: Silent) {
    yield* countStartedAgain
    yield* Effect.logWarning("a job gave no sign of life and is started again").pipe(
      Effect.annotateLogs({ job: silent.id })
    )
    const name = `${silent.id}/${silent.run}`
    const executionId = yield* JobWorkflow.executionId({
      jobId: silent.id,
      run: silent.run
    })
    const known = Option.getOrUndefined(yield* JobWorkflow.poll(executionId))
    if (known?._tag === "Complete" || (silent.owned && again.delete(name)))
      return yield* repo.startOver(silent)
    if (again.size > MOST_REMEMBERED) again.clear()
    again.add(name)
    yield* known === undefined ? begin(silent) : JobWorkflow.resume(executionId)
  })

  const watch = Effect.gen(function* () {
    const waiting = new Map((yield* repo.waiting).map((it) => [it.type, it]))
    for (const { name } of types) {
      const { jobs, oldestSeconds } = waiting.get(name) ?? none
      yield* countWaiting(name, jobs, oldestSeconds)
    }
    yield* countParked(yield* repo.parked)
    const silent = yield* repo.silent
    yield* Effect.forEach(silent, (it) => Effect.exit(startAgain(it)), {
      concurrency: 8,
      discard: true
    })
  })

  yield* Effect.all(
    [
      Effect.raceFirst(queued, Effect.sleep("1 second")).pipe(
        Effect.andThen(steadily(Effect.repeat(round, { while: (n) => n === AT_ONCE }))),
        Effect.repeat(Schedule.forever)
      ),
      steadily(watch).pipe(Effect.repeat(Schedule.spaced("5 seconds"))),
      steadily(sweep).pipe(Effect.repeat(Schedule.spaced("1 minute")))
    ],
    { concurrency: "unbounded", discard: true }
  )
})

const none = { jobs: 0, oldestSeconds: 0 }

/** Removes what the engine keeps of jobs that ended, so that its tables do not grow. */
const sweep = Effect.gen(function* () {
  const repo = yield* DispatchRepo
  const storage = yield* MessageStorage.MessageStorage
  const sharding = yield* Sharding.Sharding
  const ended = yield* repo.unswept(SWEPT_AT_ONCE)
  yield* Effect.forEach(
    ended,
    Effect.fnUntraced(function* ({ id, run }) {
      for (let each = 1; each <= run; each++) {
        const entityId = EntityId.make(
          yield* JobWorkflow.executionId({ jobId: id, run: each })
        )
        yield* storage.clearAddress(
          EntityAddress.make({
            entityType: EntityType.make(`Workflow/${JobWorkflow._tag}`),
            entityId,
            shardId: sharding.getShardId(entityId, "default")
          })
        )
      }
    }),
    { concurrency: 4, discard: true }
  )
  if (ended.length > 0) yield* repo.swept(ended.map(({ id }) => id))
}).pipe(Effect.withSpan("Dispatcher.sweep"))

/** What fails now is tried in the next round. */
const steadily = <A, E, R>(round: Effect.Effect<A, E, R>) =>
  Effect.catchCause(Effect.asVoid(round), (cause) =>
    Effect.logWarning("a round of the dispatcher failed", cause)
  )

/** One in the cluster, wherever that is. */
export const layer = Singleton.make("Dispatcher", dispatch)
