import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Deferred, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Sender } from "../../src/delivery/Sender.ts"
import { ReportRuns } from "../../src/runs/ReportRuns.ts"
import { ReportMessages } from "../../src/subscriptions/ReportMessages.ts"
import { SubscriptionRunRepo } from "../../src/subscriptions/SubscriptionRunRepo.ts"
import { SubscriptionWorker } from "../../src/subscriptions/SubscriptionWorker.ts"
import { mailServer } from "../delivery/MailServer.ts"
import {
  alone,
  asked,
  messagesOf,
  SubscriptionWorld,
  subscribed,
  subscriptionsIn
} from "./SubscriptionWorld.ts"

const mail = await mailServer()
const world = new SubscriptionWorld()
const { effect } = withLayer(subscriptionsIn(world, { smtpUrl: mail.url }))
const monday = "2026-03-02T07:00:00.000Z"

/** A process that ends before or after the n-th thing that it does. */
const crashingAt = (at: number) =>
  Effect.gen(function* () {
    const repo = yield* SubscriptionRunRepo
    const runs = yield* ReportRuns
    const messages = yield* ReportMessages
    const crashed = yield* Deferred.make<void>()
    let steps = 0
    const step = Effect.suspend(() =>
      ++steps >= at
        ? Effect.andThen(Deferred.succeed(crashed, undefined), Effect.never)
        : Effect.void
    )
    const around = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      step.pipe(
        Effect.andThen(effect),
        Effect.tap(() => step)
      )
    const dying = Layer.mergeAll(
      Layer.succeed(SubscriptionRunRepo, {
        ...repo,
        claim: (...args) => around(repo.claim(...args)),
        subscription: (...args) => around(repo.subscription(...args)),
        settle: (...args) => around(repo.settle(...args))
      }),
      Layer.succeed(ReportRuns, {
        ...runs,
        run: (...args) => around(runs.run(...args)),
        document: (...args) => around(runs.document(...args))
      }),
      Layer.succeed(ReportMessages, { of: (...args) => around(messages.of(...args)) })
    )
    const { once } = yield* Effect.provide(
      SubscriptionWorker,
      Layer.fresh(SubscriptionWorker.layer).pipe(Layer.provide(dying))
    )
    yield* Effect.raceFirst(once, Deferred.await(crashed))
    return steps >= at
  })

describe("a process that ends at any step", () => {
  effect("leaves a report that everybody gets once", () =>
    alone(
      Effect.gen(function* () {
        world.watermark = monday
        for (let at = 1; ; at++) {
          const address = `ann${at}@example.com`
          const { subscription } = yield* subscribed(
            {},
            { kind: "email", name: "Ann", addresses: [address] }
          )
          yield* TestClock.setTime(Date.parse(monday))
          yield* asked(subscription.id, monday)
          const hasCrashed = yield* crashingAt(at)
          // Its lease ends, and another process takes it up.
          yield* TestClock.adjust("3 minutes")
          const { once } = yield* SubscriptionWorker
          yield* once
          yield* once
          expect(yield* asked(subscription.id, monday)).toMatchObject({ state: "sent" })
          expect((yield* messagesOf(subscription.id)).length).toBe(1)
          yield* (yield* Sender).once
          expect(mail.of(address).length).toBe(1)
          if (!hasCrashed) {
            expect(at).toBe(11)
            return
          }
        }
      })
    )
  )

  effect("leaves a revised report that everybody gets once", () =>
    alone(
      Effect.gen(function* () {
        for (let at = 1; ; at++) {
          world.watermark = monday
          world.value = (day) => 10 + day
          const revise = { forSeconds: 7200, everySeconds: 600, most: 1, tolerance: 0 }
          const { subscription } = yield* subscribed({ revise })
          yield* TestClock.setTime(Date.parse(monday))
          yield* asked(subscription.id, monday)
          const { once } = yield* SubscriptionWorker
          yield* once
          yield* TestClock.adjust("10 minutes")
          world.watermark = "2026-03-02T07:10:00.000Z"
          world.value = (day) => 20 + day
          const hasCrashed = yield* crashingAt(at)
          yield* TestClock.adjust("3 minutes")
          yield* once
          yield* TestClock.adjust("20 minutes")
          yield* once
          const about = (yield* messagesOf(subscription.id)).map((it) => it.about)
          const first = `subscription:${subscription.id}@${monday}`
          expect(about).toEqual([first, `${first}#r1`])
          if (!hasCrashed) {
            expect(at).toBe(13)
            return
          }
        }
      })
    )
  )
})

describe("two processes", () => {
  effect("make each of twenty reports once", () =>
    alone(
      Effect.gen(function* () {
        world.watermark = monday
        world.asked = []
        yield* TestClock.setTime(Date.parse(monday))
        const ids = yield* Effect.forEach(Array.from({ length: 20 }), () =>
          Effect.map(subscribed(), ({ subscription }) => subscription.id)
        )
        yield* Effect.forEach(ids, (id) => asked(id, monday))
        const { once } = yield* SubscriptionWorker
        const until = Effect.repeat(once, { until: (count) => count === 0 })
        yield* Effect.all([until, until, until], { concurrency: "unbounded" })
        const counts = yield* Effect.forEach(ids, (id) =>
          Effect.map(messagesOf(id), (all) => all.length)
        )
        expect(new Set(counts)).toEqual(new Set([1]))
        // The number, and the line beneath it.
        expect(world.asked.length).toBe(40)
      })
    )
  )
})
