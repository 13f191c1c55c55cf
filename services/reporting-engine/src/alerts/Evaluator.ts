import { Cause, Context, Effect, Layer } from "effect"
import type { SqlError } from "effect/sql"
import {
  countBehind,
  countEvaluated,
  countFailed,
  countNoticed,
  countRevised
} from "./AlertMetrics.ts"
import { EvidenceUnavailable } from "./AlertProblems.ts"
import type { AlertRow } from "./AlertRow.ts"
import { AlertWork, type Outcome } from "./AlertWork.ts"
import { Evidences } from "./Evidences.ts"
import { failedLook } from "./failedLook.ts"
import { lookAtAlert } from "./lookAtAlert.ts"

/** Alerts of one look, and of these at once. */
const BATCH = 20
const AT_ONCE = 4
/** A look at one alert; its lease lasts longer. */
const LONGEST_LOOK = "4 minutes"

/** Evaluates alerts whose buckets are complete. */
export class Evaluator extends Context.Service<
  Evaluator,
  {
    /** Takes what is due at `now` (ms since 1970); answers how many it found. */
    look(now: number): Effect.Effect<number, SqlError.SqlError>
  }
>()("@analytics/reporting-engine/alerts/Evaluator") {
  static readonly layer = Layer.effect(
    Evaluator,
    Effect.gen(function* () {
      const work = yield* AlertWork
      const evidences = yield* Evidences

      const count = Effect.fnUntraced(function* (outcome: Outcome) {
        for (const { verdict } of outcome.evaluations) yield* countEvaluated(verdict)
        for (const { kind } of outcome.notices) yield* countNoticed(kind)
        yield* countRevised(outcome.revisions.length)
        if (outcome.failure) yield* countFailed
      })

      const one = Effect.fn("Evaluator.evaluate", { root: true, kind: "consumer" })(
        function* (alert: AlertRow, now: number) {
          yield* Effect.annotateCurrentSpan({
            "alert.id": alert.id,
            "project.id": alert.projectId
          })
          const outcome = yield* lookAtAlert(alert, now).pipe(
            Effect.provideService(Evidences, evidences),
            Effect.provideService(AlertWork, work),
            Effect.timeoutOrElse({
              duration: LONGEST_LOOK,
              orElse: () =>
                Effect.fail(
                  new EvidenceUnavailable({
                    detail: `It took longer than ${LONGEST_LOOK}`
                  })
                )
            }),
            Effect.catchDefect((defect) =>
              Effect.logError("an alert could not be looked at", defect).pipe(
                Effect.andThen(
                  Effect.fail(
                    new EvidenceUnavailable({ detail: "A fault of the service" })
                  )
                )
              )
            ),
            Effect.catchTags({
              AlertInvalid: (problem) =>
                Effect.succeed(failedLook(alert, now, problem)),
              EvidenceUnavailable: (problem) =>
                Effect.succeed(failedLook(alert, now, problem))
            })
          )
          if (outcome.failure)
            yield* Effect.logWarning("an alert cannot be evaluated now").pipe(
              Effect.annotateLogs({ detail: outcome.failure.detail })
            )
          if (yield* work.settle(alert, outcome, now)) yield* count(outcome)
        }
      )

      return Evaluator.of({
        look: Effect.fn("Evaluator.look")(function* (now) {
          const claimed = yield* work.claim(now, BATCH)
          const oldest = Math.min(now, ...claimed.map(({ nextAt }) => nextAt.getTime()))
          yield* countBehind((now - oldest) / 1000)
          yield* Effect.forEach(
            claimed,
            (alert) =>
              one(alert, now).pipe(
                // What it had is let go of when its lease ends.
                Effect.catchCause((cause) =>
                  Cause.hasInterruptsOnly(cause)
                    ? Effect.failCause(cause)
                    : Effect.logError("an alert could not be settled", cause)
                ),
                Effect.annotateLogs({ "alert.id": alert.id })
              ),
            { concurrency: AT_ONCE, discard: true }
          ).pipe(Effect.orDie)
          return claimed.length
        })
      })
    })
  )
}
