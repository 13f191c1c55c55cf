import { Clock, Context, Effect, Layer, Option, Schema } from "effect"
import type { ReportsUnavailable } from "../ReportsUnavailable.ts"
import { BatchSchedules } from "./BatchSchedules.ts"
import { SubscriptionNotFound } from "./Subscription.ts"
import { SubscriptionRepo } from "./SubscriptionRepo.ts"
import type { SubscriptionRow } from "./SubscriptionRow.ts"
import {
  RunNotDue,
  type SubscriptionRunAnswer,
  type SubscriptionRunRow,
  shownRun
} from "./SubscriptionRun.ts"
import { SubscriptionRunRepo } from "./SubscriptionRunRepo.ts"

/** What the job of batch-processor is answered, until it is done. */
export const JobAnswer = Schema.Struct({
  state: Schema.Literals(["waiting", "sent", "skipped", "failed", "removed"]),
  detail: Schema.NullOr(Schema.String),
  incomplete: Schema.NullOr(Schema.Boolean),
  asOf: Schema.NullOr(Schema.DateFromString)
})
export type JobAnswer = typeof JobAnswer.Type

export interface JobAsks {
  readonly projectId: number
  readonly scheduledFor: Date
  readonly jobRun: number
}

type Asking<A, E = never> = Effect.Effect<A, E | ReportsUnavailable>

/** Times at which subscriptions were due. */
export class SubscriptionRuns extends Context.Service<
  SubscriptionRuns,
  {
    /** Of a job, as often as it asks; the same time is the same run. */
    ask(subscriptionId: string, asks: JobAsks): Asking<JobAnswer>
    /** Now, or as of an instant that has been; also while it is paused. */
    send(
      projectId: number,
      subscriptionId: string,
      actor: string,
      scheduledFor: Date | undefined
    ): Asking<SubscriptionRunAnswer, SubscriptionNotFound | RunNotDue>
    page(
      projectId: number,
      subscriptionId: string,
      page: { readonly before: Date | undefined; readonly limit: number }
    ): Asking<
      {
        readonly runs: ReadonlyArray<SubscriptionRunAnswer>
        readonly nextCursor: Date | null
      },
      SubscriptionNotFound
    >
  }
>()("@analytics/reporting-engine/subscriptions/SubscriptionRuns") {
  static readonly layer = Layer.effect(
    SubscriptionRuns,
    Effect.gen(function* () {
      const subscriptions = yield* SubscriptionRepo
      const runs = yield* SubscriptionRunRepo
      const batch = yield* BatchSchedules
      const now = Effect.map(Clock.currentTimeMillis, (at) => new Date(at))

      const begin = Effect.fnUntraced(function* (
        { id, maxWaitSeconds, projectId }: SubscriptionRow,
        scheduledFor: Date,
        jobRun: number | null,
        requestedBy: string
      ) {
        const at = yield* now
        // One that comes late has waited already.
        const until = scheduledFor.getTime() + maxWaitSeconds * 1000
        const giveUpAt = new Date(Math.max(until, at.getTime()))
        return yield* runs.begin(
          {
            projectId,
            subscriptionId: id,
            scheduledFor,
            giveUpAt,
            jobRun,
            requestedBy
          },
          at
        )
      })
      const get = Effect.fnUntraced(function* (projectId: number, id: string) {
        const found = yield* subscriptions.byId(projectId, id)
        return Option.isSome(found)
          ? found.value
          : yield* new SubscriptionNotFound({ detail: `None has the id ${id}.` })
      })

      return SubscriptionRuns.of({
        ask: Effect.fn("SubscriptionRuns.ask")(function* (id, asks) {
          const { jobRun, projectId, scheduledFor } = asks
          const found = yield* subscriptions.byId(projectId, id)
          if (Option.isNone(found)) {
            // A schedule that nobody knows any more, as after a restore. If it cannot be
            // removed now, it asks again.
            yield* Effect.ignore(batch.remove(projectId, id))
            return removed
          }
          const known = yield* runs.find(id, scheduledFor)
          if (Option.isNone(known) && !found.value.enabled) return paused
          return answered(yield* begin(found.value, scheduledFor, jobRun, "schedule"))
        }),
        send: Effect.fn("SubscriptionRuns.send")(
          function* (projectId, id, actor, scheduledFor) {
            const subscription = yield* get(projectId, id)
            const at = yield* now
            if (scheduledFor !== undefined && scheduledFor > at)
              return yield* new RunNotDue({
                detail: `${scheduledFor.toISOString()} has not been yet.`
              })
            const due = scheduledFor ?? at
            return shownRun(yield* begin(subscription, due, null, actor))
          }
        ),
        page: Effect.fn("SubscriptionRuns.page")(function* (projectId, id, page) {
          yield* get(projectId, id)
          const { before, limit } = page
          const found = yield* runs.page(projectId, id, { before, limit: limit + 1 })
          const shown = found.slice(0, limit)
          return {
            runs: shown.map(shownRun),
            nextCursor:
              found.length > limit ? (shown.at(-1)?.scheduledFor ?? null) : null
          }
        })
      })
    })
  )
}

const removed: JobAnswer = {
  state: "removed",
  detail: "There is no such subscription.",
  incomplete: null,
  asOf: null
}
const paused: JobAnswer = {
  state: "skipped",
  detail: "The subscription is paused.",
  incomplete: null,
  asOf: null
}

const answered = ({
  asOf,
  detail,
  incomplete,
  state
}: SubscriptionRunRow): JobAnswer => ({ state, detail, incomplete, asOf })
