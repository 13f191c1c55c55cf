import { exposed } from "@analytics/observability/exposed"
import { spanOf } from "@analytics/observability/traceparent"
import { Cause, Clock, Context, Effect, Layer, Metric, Option } from "effect"
import type { SqlError } from "effect/sql"
import { Analytics } from "../analytics/Analytics.ts"
import { ReportRepo } from "../definitions/ReportRepo.ts"
import type { Outgoing } from "../delivery/Outbox.ts"
import { ReportRuns } from "../runs/ReportRuns.ts"
import { composeFailure } from "./composeReport.ts"
import type { Look } from "./Making.ts"
import { ReportMessages } from "./ReportMessages.ts"
import { reviseReport } from "./reviseReport.ts"
import { aboutRun, type SubscriptionRunRow } from "./SubscriptionRun.ts"
import { type RunNext, SubscriptionRunRepo } from "./SubscriptionRunRepo.ts"
import { sendReport } from "./sendReport.ts"

/** What comes of a look, written as a whole. */
export interface Outcome {
  readonly next: RunNext
  readonly outgoing: ReadonlyArray<Outgoing>
}

/** Reports that a process makes at once. */
export const AT_ONCE = 4
/** Milliseconds. */
const LEASE = 2 * 60_000
const FIRST_WAIT = 5000
const LONGEST_WAIT = 5 * 60_000
/** It is tried so long after it need not wait for data any more, and then has failed. */
const PATIENCE = 60 * 60_000
const HOLD = "20 seconds"

/** Refusals that would be the same a moment later. */
const refusals = new Set([
  "AnalyticsRefused",
  "RenderFailed",
  "ReportInvalid",
  "ReportNotFound"
])

const looks = exposed(
  Metric.counter("subscription_looks_total", {
    description: "Looks at subscriptions that were due, by what came of them",
    incremental: true
  })
)

/** Makes and sends the reports of subscriptions, and revises them. */
export class SubscriptionWorker extends Context.Service<
  SubscriptionWorker,
  {
    /** Takes up what is due, and answers how many those were. */
    readonly once: Effect.Effect<number, SqlError.SqlError>
    /** The same with one. */
    readonly next: Effect.Effect<number, SqlError.SqlError>
  }
>()("@analytics/reporting-engine/subscriptions/SubscriptionWorker") {
  static readonly layer = Layer.effect(
    SubscriptionWorker,
    Effect.gen(function* () {
      const repo = yield* SubscriptionRunRepo
      const asked = Context.make(Analytics, yield* Analytics).pipe(
        Context.add(ReportMessages, yield* ReportMessages),
        Context.add(ReportRepo, yield* ReportRepo),
        Context.add(ReportRuns, yield* ReportRuns)
      )
      const now = Effect.map(Clock.currentTimeMillis, (at) => new Date(at))

      /** Until it is done, or somebody else has it. */
      const held = (run: SubscriptionRunRow) =>
        Effect.sleep(HOLD).pipe(
          Effect.andThen(now),
          Effect.flatMap((at) => repo.hold(run, new Date(at.getTime() + LEASE))),
          Effect.orElseSucceed(() => true),
          Effect.repeat({ while: (isHeld) => isHeld }),
          Effect.as(undefined)
        )

      const made = (look: Look): Effect.Effect<Outcome> =>
        (look.run.state === "waiting" ? sendReport(look) : reviseReport(look)).pipe(
          Effect.provideContext(asked),
          Effect.catchCause((cause) =>
            Cause.hasInterruptsOnly(cause)
              ? Effect.interrupt
              : Effect.as(
                  Effect.logWarning("a subscription's report is not made", cause),
                  afterFailure(look, cause)
                )
          )
        )

      const work = Effect.fnUntraced(
        function* (run: SubscriptionRunRow) {
          const subscription = yield* repo.subscription(run)
          const at = yield* now
          const outcome = Option.isNone(subscription)
            ? removed(run, at)
            : yield* made({ run, subscription: subscription.value, now: at }).pipe(
                Effect.raceFirst(held(run))
              )
          if (outcome === undefined) return
          const isWritten = yield* repo.settle(run, outcome.next, outcome.outgoing)
          yield* Metric.update(
            Metric.withAttributes(looks, {
              outcome: isWritten
                ? (outcome.outgoing[0]?.message.kind ?? outcome.next.state)
                : "taken over"
            }),
            1
          )
        },
        Effect.withSpan("SubscriptionWorker.work", spanOfRun)
      )

      const taken = Effect.fn("SubscriptionWorker.taken")(function* (most: number) {
        const at = yield* now
        const until = new Date(at.getTime() + LEASE)
        const runs = yield* repo.claim(at, until, most)
        // One that fails is taken up again when its lease ends, and holds up no other.
        yield* Effect.forEach(
          runs,
          (run) =>
            work(run).pipe(
              Effect.annotateLogs({ "subscription.id": run.subscriptionId }),
              Effect.catchCause((cause) =>
                Effect.logError("a look at a subscription broke off", cause)
              )
            ),
          { concurrency: most, discard: true }
        )
        return runs.length
      })

      return SubscriptionWorker.of({ once: taken(AT_ONCE), next: taken(1) })
    })
  )
}

/** The report goes on with the trace of its schedule; a later look is only tied to it. */
const spanOfRun = (run: SubscriptionRunRow) => {
  const asked = spanOf(run.traceparent)
  const isFirst = run.state === "waiting"
  return {
    kind: "consumer" as const,
    ...(isFirst && asked !== undefined ? { parent: asked } : { root: true }),
    links: isFirst || asked === undefined ? [] : [{ span: asked, attributes: {} }],
    attributes: {
      "subscription.id": run.subscriptionId,
      "project.id": run.projectId
    }
  }
}

const removed = (run: SubscriptionRunRow, now: Date): Outcome => ({
  next: {
    state: run.state === "waiting" ? "skipped" : run.state,
    detail: "The subscription was removed.",
    dueAt: now,
    failures: 0,
    revisionsLeft: 0
  },
  outgoing: []
})

type Problem = {
  readonly _tag: string
  readonly title?: string
  readonly detail?: string
}

const said = (cause: Cause.Cause<Problem>): string =>
  Option.match(Cause.findErrorOption(cause), {
    onNone: () => "It could not be made.",
    onSome: ({ detail, title = "It could not be made" }) =>
      detail === undefined ? `${title}.` : `${title}: ${detail}`
  }).slice(0, 1000)

/** Tried again while there is time; then whoever is to know of it is told, once. */
const afterFailure = (look: Look, cause: Cause.Cause<Problem>): Outcome => {
  const { now, run, subscription } = look
  const detail = said(cause)
  const failures = run.failures + 1
  const wait = Math.min(FIRST_WAIT * 2 ** Math.min(failures - 1, 10), LONGEST_WAIT)
  const dueAt = new Date(now.getTime() + wait)
  const isFirst = run.state === "waiting"
  const end = isFirst ? run.giveUpAt : (run.reviseUntil ?? now)
  const isRefused = Option.match(Cause.findErrorOption(cause), {
    onNone: () => false,
    onSome: ({ _tag }) => refusals.has(_tag)
  })
  const isOver = isRefused || now.getTime() >= end.getTime() + PATIENCE
  if (!isOver)
    return { next: { state: run.state, detail, dueAt, failures }, outgoing: [] }
  if (!isFirst)
    return {
      next: {
        state: run.state,
        detail: `It could not be looked at for late data to the end: ${detail}`,
        dueAt,
        failures,
        revisionsLeft: 0
      },
      outgoing: []
    }
  const { destinations, owners } = subscription
  return {
    next: { state: "failed", detail, dueAt, failures },
    outgoing: [
      {
        projectId: subscription.projectId,
        // Of this failure: whoever takes up what failed has another epoch.
        about: `${aboutRun(run)}#failed${run.epoch}`,
        topic: `subscription-failures:${subscription.id}`,
        message: composeFailure(subscription, run, detail, now),
        targets: owners.length > 0 ? owners : destinations
      }
    ]
  }
}
