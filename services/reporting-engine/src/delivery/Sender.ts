import { Drain } from "@analytics/api-common/Drain"
import { DeliveryConfig } from "@analytics/config/DeliveryConfig"
import { exposed } from "@analytics/observability/exposed"
import { spanOf } from "@analytics/observability/traceparent"
import {
  Cause,
  Clock,
  Context,
  Duration,
  Effect,
  Layer,
  Metric,
  Option,
  Schedule
} from "effect"
import type { SqlError } from "effect/sql"
import { Channels, isRepeatable } from "./Channels.ts"
import { type Claim, DeliveryRepo, type Next } from "./DeliveryRepo.ts"
import { type Outcome, outcome as outcomeOf } from "./Outcome.ts"
import { MOST_ATTEMPTS, nextWait } from "./retries.ts"

/** Longer than any attempt takes; what is handed over is checked against it anyway. */
const LEASE = Duration.minutes(3)
const BETWEEN_LOOKS = "1 second"
const FAULT = "A fault in the program, which the service's log has."

const attemptsMade = exposed(
  Metric.counter("report_delivery_attempts_total", {
    description: "Attempts to deliver a message, by channel and outcome",
    incremental: true
  })
)

/** Sends what the outbox holds. */
export class Sender extends Context.Service<
  Sender,
  {
    /** Takes up what is due, as much as is sent at once, and answers how many those were. */
    readonly once: Effect.Effect<number, SqlError.SqlError>
    /** The same with one. */
    readonly next: Effect.Effect<number, SqlError.SqlError>
  }
>()("@analytics/reporting-engine/delivery/Sender") {
  static readonly layer = Layer.effect(
    Sender,
    Effect.gen(function* () {
      const { senders, uncertain } = yield* DeliveryConfig
      const channels = yield* Channels
      const repo = yield* DeliveryRepo
      const now = Effect.map(Clock.currentTimeMillis, (at) => new Date(at))

      const attempt = Effect.fnUntraced(
        function* (claim: Claim) {
          const repeat = isRepeatable(claim.channel) || uncertain === "resend"
          const found = yield* repo.begin(claim, yield* now, repeat)
          if (Option.isNone(found)) return
          const begun = found.value
          let handed = false
          const handing = Effect.flatMap(now, (at) =>
            repo.handing(claim, begun.number, at)
          ).pipe(
            Effect.catch((error) =>
              Effect.as(Effect.logWarning("a delivery is held back", error), false)
            ),
            Effect.tap((may) =>
              Effect.sync(() => {
                handed = may
              })
            )
          )
          const outcome = yield* channels.send({ claim, begun, handing }).pipe(
            // In the ledger, and with an end: the same message would meet it again.
            Effect.catchDefect((defect) =>
              Effect.as(
                Effect.logError("a message met a fault", Cause.die(defect)),
                outcomeOf(handed ? "unknown" : "deferred", null, FAULT)
              )
            )
          )
          const at = yield* now
          const made = begun.number - claim.attemptsBefore
          const next = nextOf(outcome, { made, repeat, at })
          yield* repo.settle(claim, begun.number, outcome, next, at)
          yield* Metric.update(
            Metric.withAttributes(attemptsMade, {
              channel: claim.channel,
              outcome: outcome.kind
            }),
            1
          )
          if (next.state === "refused" || next.state === "uncertain")
            yield* Effect.logWarning("a message was not delivered").pipe(
              Effect.annotateLogs({ delivery: claim.id, state: next.state })
            )
        },
        Effect.withSpan("Sender.attempt", spanOfClaim)
      )

      const taken = Effect.fn("Sender.taken")(function* (most: number) {
        const at = yield* Clock.currentTimeMillis
        const until = new Date(at + Duration.toMillis(LEASE))
        const claims = yield* repo.claim(new Date(at), until, most)
        // One that fails is taken up again when its lease ends, and holds up no other.
        yield* Effect.forEach(
          claims,
          (claim) =>
            Effect.catchCause(attempt(claim), (cause) =>
              Effect.logError("an attempt broke off", cause).pipe(
                Effect.annotateLogs({ delivery: claim.id })
              )
            ),
          { concurrency: most, discard: true }
        )
        return claims.length
      })

      return Sender.of({ once: taken(senders), next: taken(1) })
    })
  )

  /**
   * Looks all the time, and right again as long as there is something. Each sender for
   * itself: one that waits for a slow server holds up no other. What is being handed over
   * when the process is told to end is handed over, so that nobody has to ask what arrived.
   */
  static readonly loop = Layer.effectDiscard(
    Effect.gen(function* () {
      const { next } = yield* Sender
      const { senders } = yield* DeliveryConfig
      const { takesUp } = yield* Drain
      const one = takesUp(next).pipe(
        Effect.repeat({ until: (count) => count === 0 }),
        Effect.catchCause((cause) =>
          Effect.logWarning("the outbox cannot be read", cause)
        ),
        Effect.repeat(Schedule.spaced(BETWEEN_LOOKS))
      )
      yield* Effect.forkScoped(
        Effect.all(
          Array.from({ length: senders }, () => one),
          { concurrency: senders, discard: true }
        )
      )
    })
  )
}

/** A message goes on with the trace of what it is about. */
const spanOfClaim = ({ channel, id, traceparent }: Claim) => {
  const asked = spanOf(traceparent)
  return {
    kind: "consumer" as const,
    ...(asked === undefined ? { root: true } : { parent: asked }),
    attributes: { "delivery.id": id, "delivery.channel": channel }
  }
}

/** What an attempt's outcome means for its delivery. */
export const nextOf = (
  { code, kind, response, retryAfter }: Outcome,
  {
    at,
    made,
    repeat
  }: { readonly made: number; readonly repeat: boolean; readonly at: Date }
): Next => {
  const said = code === null ? response : `${code}: ${response}`
  if (kind === "accepted") return { state: "delivered", detail: null, dueAt: at }
  if (kind === "refused") return { state: "refused", detail: said, dueAt: at }
  if (kind === "unknown" && !repeat)
    return {
      state: "uncertain",
      detail: `${said} It may have arrived; ask the recipient, then send it again if it did not.`,
      dueAt: at
    }
  const wait = nextWait(made, retryAfter)
  return wait === undefined
    ? {
        state: "refused",
        detail: `Given up after ${MOST_ATTEMPTS} attempts. The last one: ${said}`,
        dueAt: at
      }
    : { state: "pending", detail: said, dueAt: new Date(at.getTime() + wait) }
}
