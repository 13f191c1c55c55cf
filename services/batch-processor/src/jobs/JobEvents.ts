import type { Access } from "@analytics/api-common/access/Auth"
import { Context, Effect, Layer, Ref, Schedule, Schema, Stream } from "effect"
import { HttpApiError } from "effect/http-api"
import type { JobsUnavailable } from "../JobsUnavailable.ts"
import { hasEnded, JobView } from "./Job.ts"
import type { JobNotFound } from "./JobProblems.ts"
import { Jobs } from "./Jobs.ts"

/** As many watch jobs as one process lets. */
export class TooManyWatchers extends HttpApiError.Problem<TooManyWatchers>()(
  "TooManyWatchers",
  {
    type: "urn:analytics:problem:too-many-watchers",
    status: 429,
    title: "Too many jobs are being watched; ask for the job itself, or try again soon"
  },
  { retryAfter: Schema.Int }
) {}

const MOST_WATCHERS = 200
const LOOK = "500 millis"
/** Who wants to know longer connects again. */
const LONGEST = "1 hour"
const encode = Schema.encodeSync(Schema.fromJsonString(JobView))

/** What a job's watchers are sent, as server-sent events. */
export class JobEvents extends Context.Service<
  JobEvents,
  {
    /** The job now and whenever it changes; ends with the job, or after an hour. */
    watch(
      access: Access,
      id: string
    ): Effect.Effect<
      Stream.Stream<string>,
      JobNotFound | TooManyWatchers | JobsUnavailable
    >
  }
>()("@analytics/batch-processor/jobs/JobEvents") {
  static readonly layer = Layer.effect(
    JobEvents,
    Effect.gen(function* () {
      const jobs = yield* Jobs
      const watchers = yield* Ref.make(0)
      return JobEvents.of({
        watch: Effect.fn("JobEvents.watch")(function* (access, id) {
          yield* jobs.get(access, id)
          if ((yield* Ref.get(watchers)) >= MOST_WATCHERS)
            return yield* new TooManyWatchers({
              retryAfter: 5,
              detail: `At most ${MOST_WATCHERS} watch at once.`
            })
          const changes = Stream.fromEffectSchedule(
            // A store that is away for a moment is not the watcher's concern.
            Effect.retry(jobs.get(access, id), {
              while: ({ _tag }) => _tag === "JobsUnavailable",
              times: 30,
              schedule: Schedule.spaced("1 second")
            }),
            Schedule.spaced(LOOK)
          ).pipe(
            Stream.takeUntil(({ state }) => hasEnded(state)),
            Stream.map((job) => encode(job)),
            Stream.changes,
            Stream.map((json) => `event: job\ndata: ${json}\n\n`),
            Stream.catchCause(() => Stream.empty)
          )
          return Stream.unwrap(
            Effect.as(
              Effect.acquireRelease(
                Ref.update(watchers, (count) => count + 1),
                () => Ref.update(watchers, (count) => count - 1)
              ),
              changes.pipe(
                Stream.merge(
                  Stream.tick("15 seconds").pipe(Stream.as(": still there\n\n")),
                  { haltStrategy: "left" }
                ),
                Stream.interruptWhen(Effect.sleep(LONGEST))
              )
            )
          )
        })
      })
    })
  )
}
