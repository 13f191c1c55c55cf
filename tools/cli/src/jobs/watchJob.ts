import { Console, Effect, Option, Schedule, Schema, Stream } from "effect"
import { HttpClientRequest } from "effect/http"
import { Unreachable } from "../ApiClient.ts"
import type { Batch } from "../Batch.ts"
import { makeBar } from "../Progress.ts"
import { serverEvents } from "../ServerEvents.ts"
import { amountOf, drawEnd, timeOf } from "./drawJob.ts"
import { hasEnded, Job } from "./Job.ts"

/** A job that is over, and not as one hoped. */
export class JobNotDone extends Schema.TaggedError<JobNotDone>()("JobNotDone", {
  message: Schema.String
}) {}

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Job))

/** How long a service may be away; the job goes on without anybody watching. */
const PATIENCE = "10 minutes"

/** The job now and whenever it changes, over broken connections, until it has ended. */
const changesOf = (batch: Batch, id: string) =>
  serverEvents(() =>
    HttpClientRequest.get(`${batch.url}/jobs/${encodeURIComponent(id)}/events`).pipe(
      HttpClientRequest.bearerToken(batch.key)
    )
  ).pipe(
    Stream.retry(
      Schedule.spaced("1 second").pipe(
        Schedule.while(({ input }) => input instanceof Unreachable),
        Schedule.upTo({ duration: PATIENCE })
      )
    ),
    Stream.map(({ data }) => Option.getOrUndefined(decode(data))),
    Stream.filter((job) => job !== undefined),
    Stream.takeUntil(hasEnded)
  )

/** Shows a bar until the job has ended; fails unless it succeeded. */
export const watchJob = Effect.fn("watchJob")(function* (batch: Batch, id: string) {
  const last = yield* Effect.scoped(
    Effect.gen(function* () {
      const bar = yield* makeBar("{label} {bar} {percentage}% {amount} {left}", 1, {
        label: "job",
        amount: "",
        left: ""
      })
      return yield* Stream.runFold(
        changesOf(batch, id),
        () => Option.none<Job>(),
        (_, job) => {
          const { done = 0, etaSeconds = null, total = null } = job.progress ?? {}
          const all = total ?? Math.max(1, done)
          bar.setTotal(Math.max(1, all))
          const isDone = job.state === "succeeded"
          // While nobody knows how much there is, the bar stays empty.
          bar.update(isDone ? Math.max(1, all) : total === null ? 0 : done, {
            label: `${job.type} ${job.step ?? job.state}`,
            amount: amountOf(job),
            left: etaSeconds === null ? "" : `${timeOf(etaSeconds)} to go`
          })
          return Option.some(job)
        }
      )
    })
  )
  if (Option.isNone(last)) return
  if (last.value.state !== "succeeded")
    return yield* new JobNotDone({ message: drawEnd(last.value) })
  yield* Console.log(drawEnd(last.value))
})
