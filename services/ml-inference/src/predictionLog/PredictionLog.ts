import { randomUUID } from "node:crypto"
import { HttpConfig } from "@analytics/config/HttpConfig"
import { PredictionLogConfig } from "@analytics/config/PredictionLogConfig"
import {
  messageIdPrefix,
  predictionTraits
} from "@analytics/ml-models/predictions/predictionTraits"
import { Clock, Context, Deferred, Effect, FiberSet, Layer, Semaphore } from "effect"
import { FetchHttpClient } from "effect/http"
import { importAttempt } from "./ImportAttempt.ts"
import { makeLogMetrics } from "./LogMetrics.ts"
import { type Batch, type Lane, PredictionQueue } from "./PredictionQueue.ts"
import { makeSender } from "./sender.ts"

/** What a version said of somebody who asked. */
export interface OnlinePrediction {
  readonly projectId: number
  /** A user id. */
  readonly entity: string
  readonly model: string
  readonly version: number
  readonly probability: number
}

/** Within what data-ingestion takes by default. */
const BATCH = { events: 500, bytes: 512 * 1024 }
/** Requests under way at once. */
const AT_ONCE = 4

/**
 * Keeps predictions as events of their project, sent in batches by the way. Who offers one
 * waits for nothing: where there is no room it is dropped, counted, and logged.
 */
export class PredictionLog extends Context.Service<
  PredictionLog,
  { readonly offer: (prediction: OnlinePrediction) => void }
>()("@analytics/ml-inference/predictionLog/PredictionLog") {
  static readonly layer = Layer.effect(
    PredictionLog,
    Effect.gen(function* () {
      const { flushInterval, maxBytes, maxEvents, patience } =
        yield* PredictionLogConfig
      const { drainTimeout } = yield* HttpConfig
      const clock = yield* Clock.Clock
      const metrics = makeLogMetrics(yield* Effect.context<never>())
      const queue = new PredictionQueue({ events: maxEvents, bytes: maxBytes }, BATCH)
      const closing = yield* Deferred.make<void>()
      const attempt = yield* importAttempt
      const requests = Semaphore.makeUnsafe(AT_ONCE)
      const send = makeSender({
        attempt: (projectId, events) => requests.withPermit(attempt(projectId, events)),
        closing: Deferred.await(closing),
        metrics,
        patience
      })

      // What is lost at the very end is said, too.
      yield* Effect.addFinalizer(() => metrics.report)
      const fibers = yield* FiberSet.make<void>()
      const fork = yield* FiberSet.runtime(fibers)()
      yield* Effect.addFinalizer(() =>
        Deferred.succeed(closing, undefined).pipe(
          Effect.andThen(FiberSet.awaitEmpty(fibers)),
          Effect.timeoutOption(drainTimeout)
        )
      )
      yield* Effect.sleep("1 minute").pipe(
        Effect.andThen(metrics.report),
        Effect.forever,
        Effect.forkScoped
      )

      const settle = ({ projectId }: Lane, batch: Batch) =>
        Effect.sync(() => {
          queue.settle(projectId, batch)
          metrics.waiting(queue.size)
        })

      /** Until a batch is whole, some time went by, or this process ends. */
      const gathered = Effect.fnUntraced(function* (lane: Lane) {
        if (queue.isFull(lane)) return
        const full = Deferred.makeUnsafe<void>()
        lane.onFull = () => Deferred.doneUnsafe(full, Effect.void)
        yield* Effect.raceFirst(Deferred.await(full), Deferred.await(closing)).pipe(
          Effect.timeoutOption(flushInterval)
        )
      })

      const sendAll = Effect.fnUntraced(function* (lane: Lane) {
        for (;;) {
          yield* gathered(lane)
          const batch = queue.take(lane)
          if (batch === undefined) return
          yield* Effect.ensuring(
            send(lane.projectId, batch.events),
            settle(lane, batch)
          )
        }
      })

      /** What still waits is never sent, if this did not come to its end. */
      const abandon = (lane: Lane) =>
        Effect.sync(() => {
          for (let rest = queue.take(lane); rest; rest = queue.take(lane)) {
            queue.settle(lane.projectId, rest)
            metrics.dropped("stopped", rest.events.length, "the process ended")
          }
        })

      return PredictionLog.of({
        offer: ({ entity, projectId, ...said }) => {
          const at = clock.currentTimeMillisUnsafe()
          if (!Number.isFinite(said.probability))
            return metrics.dropped("not_a_number", 1, `${said.model} ${said.version}`)
          if (Deferred.isDoneUnsafe(closing))
            return metrics.dropped("stopped", 1, "the process ended")
          const event = JSON.stringify({
            type: "identify",
            messageId: messageIdPrefix.online + randomUUID(),
            userId: entity,
            timestamp: new Date(at).toISOString(),
            traits: predictionTraits({ ...said, at })
          })
          const lane = queue.offer(projectId, event)
          if (lane === "full")
            return metrics.dropped("full", 1, "no room for more that wait")
          metrics.waiting(queue.size)
          if (lane !== "taken") fork(Effect.ensuring(sendAll(lane), abandon(lane)))
        }
      })
    })
  ).pipe(Layer.provide(FetchHttpClient.layer))
}
