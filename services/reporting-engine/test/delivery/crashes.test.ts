import { afterAll, describe, expect } from "bun:test"
import { ObjectStore } from "@analytics/object-store/ObjectStore"
import { withLayer } from "@analytics/testing/effectTest"
import { Clock, Deferred, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { Channels } from "../../src/delivery/Channels.ts"
import { Deliveries } from "../../src/delivery/Deliveries.ts"
import { DeliveryRepo } from "../../src/delivery/DeliveryRepo.ts"
import { Outbox } from "../../src/delivery/Outbox.ts"
import { Sender } from "../../src/delivery/Sender.ts"
import { Destinations } from "../../src/destinations/Destinations.ts"
import { bucketTest } from "./bucketTest.ts"
import {
  deliveryTest,
  destination,
  enqueue,
  ledger,
  message,
  objects,
  owner
} from "./DeliveryTest.ts"
import { hookServer } from "./HookServer.ts"
import { mailServer } from "./MailServer.ts"

const mail = await mailServer()
const hooks = hookServer()
afterAll(async () => {
  await mail.close()
  hooks.close()
})

/** A sender that ends before or after the n-th thing that it does to the outside. */
const crashingSender = (at: number) =>
  Effect.gen(function* () {
    const repo = yield* DeliveryRepo
    const channels = yield* Channels
    const crashed = yield* Deferred.make<void>()
    let steps = 0
    /** Once crashed nothing happens any more, in whatever fiber it would. */
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
    const dying = Layer.succeed(DeliveryRepo, {
      claim: (...args) => around(repo.claim(...args)),
      begin: (...args) => around(repo.begin(...args)),
      handing: (...args) => around(repo.handing(...args)),
      settle: (...args) => around(repo.settle(...args))
    })
    const sending = Layer.succeed(Channels, {
      send: (...args) => around(channels.send(...args))
    })
    const { once } = yield* Effect.provide(
      Sender,
      Layer.fresh(Sender.layer).pipe(Layer.provide(Layer.merge(dying, sending)))
    )
    yield* Effect.raceFirst(once, Deferred.await(crashed))
    return steps >= at
  })

/** Crashes at each step in turn, each time with a message of its own and a new sender after it. */
const atEveryStep = Effect.fnUntraced(function* (
  targets: ReadonlyArray<string>,
  judge: (
    about: string,
    step: number
  ) => Effect.Effect<void, unknown, Deliveries | Sender | ObjectStore>
) {
  for (let at = 1; ; at++) {
    const about = yield* enqueue(targets)
    const hasCrashed = yield* crashingSender(at)
    // Nobody takes it up before the lease ends, and afterwards anybody.
    yield* TestClock.adjust("10 minutes")
    const { once } = yield* Sender
    yield* once
    yield* TestClock.adjust("10 minutes")
    yield* once
    yield* judge(about, at)
    if (!hasCrashed) return at - 1
  }
})

describe("a crash at every step", () => {
  const { effect } = withLayer(
    deliveryTest({ smtpUrl: mail.url, hosts: [hooks.host] }, objects())
  )

  effect("an e-mail arrives once, or the ledger says that nobody knows", () =>
    Effect.gen(function* () {
      const addresses = ["ann@example.com"]
      const target = yield* destination({ kind: "email", name: "Ann", addresses })
      const states: Array<string> = []
      const steps = yield* atEveryStep([target], (about) =>
        Effect.gen(function* () {
          const before = mail.received.length
          const [delivery] = yield* ledger(about)
          const ids = mail.received.filter(({ raw }) =>
            raw.includes(`${delivery?.id}@`)
          )
          states.push(`${ids.length} ${delivery?.state}`)
          if (delivery?.state === "uncertain") {
            // A person sends it again, with the same Message-ID.
            yield* (yield* Deliveries).resend(owner.projectId, delivery.id)
            yield* (yield* Sender).once
            const again = yield* ledger(about)
            expect(again[0]?.state).toBe("delivered")
            expect(mail.received.length).toBe(before + 1)
            const both = mail.received.filter(({ raw }) =>
              raw.includes(`${delivery.id}@`)
            )
            expect(new Set(both.map((it) => it.mail.messageId)).size).toBe(1)
          }
        })
      )
      expect(steps).toBe(10)
      expect(states).toEqual([
        // Before and after it is claimed, written down, and sending begins.
        "1 delivered",
        "1 delivered",
        "1 delivered",
        "1 delivered",
        "1 delivered",
        // Right before the mark that the server may have it.
        "1 delivered",
        // After the mark: not a byte was sent, which nobody can tell.
        "0 uncertain",
        // The server has it, and that was not written down.
        "1 uncertain",
        "1 uncertain",
        // It was written down.
        "1 delivered",
        // No crash.
        "1 delivered"
      ])
    })
  )

  effect("receivers of a webhook know what comes twice", () =>
    Effect.gen(function* () {
      const url = hooks.url("/taken")
      const target = yield* destination({ kind: "webhook", name: "Hook", url })
      let doubles = 0
      const steps = yield* atEveryStep([target], (about) =>
        Effect.gen(function* () {
          const [delivery] = yield* ledger(about)
          const got = hooks.received.filter(
            ({ headers }) => headers.get("webhook-id") === delivery?.id
          )
          expect(delivery?.state).toBe("delivered")
          expect(got.length).toBeGreaterThanOrEqual(1)
          expect(new Set(got.map(({ body }) => body)).size).toBe(1)
          doubles += got.length - 1
        })
      )
      expect([steps, doubles]).toEqual([10, 2])
    })
  )
})

describe("a crash at every step over a bucket", () => {
  const { effect } = withLayer(deliveryTest({}, bucketTest))

  effect("leaves one object", () =>
    Effect.gen(function* () {
      const target = yield* destination({
        kind: "store",
        name: "Lake",
        prefix: "weekly"
      })
      yield* atEveryStep([target], (about) =>
        Effect.gen(function* () {
          const [delivery] = yield* ledger(about)
          expect(delivery?.state).toBe("delivered")
          const folder = delivery?.attempts.at(-1)?.response ?? ""
          const { head } = yield* ObjectStore
          expect(
            yield* Effect.map(head(`${folder}/message.json`), (it) => it._tag)
          ).toBe("Some")
        })
      )
    })
  )
})

describe("two senders", () => {
  const { effect } = withLayer(deliveryTest({ smtpUrl: mail.url }, objects()))

  effect("send each of fifty messages once", () =>
    Effect.gen(function* () {
      const addresses = ["bob@example.com"]
      const target = yield* destination({ kind: "email", name: "Bob", addresses })
      yield* Effect.forEach(Array.from({ length: 50 }), () => enqueue([target]))
      const { once } = yield* Sender
      const until = Effect.repeat(once, { until: (count) => count === 0 })
      yield* Effect.all([until, until, until], { concurrency: "unbounded" })
      const ids = mail.of("bob@example.com").map((it) => it.mail.messageId)
      expect([ids.length, new Set(ids).size]).toEqual([50, 50])
    })
  )
})

describe("projects that send at once", () => {
  const { effect } = withLayer(deliveryTest({}, objects()))

  effect("take turns, so that nobody's slow server holds up everybody", () =>
    Effect.gen(function* () {
      const place = { kind: "store", name: "Lake", prefix: "weekly" } as const
      const many = yield* destination(place)
      for (let sent = 0; sent < 3; sent++) yield* enqueue([many])
      yield* TestClock.adjust("1 minute")
      const other = { projectId: 8, actor: "key-2" }
      const { id } = yield* (yield* Destinations).create(other, place)
      yield* (yield* Outbox).enqueue({
        projectId: other.projectId,
        about: "subscription:2@x",
        topic: "subscription:2",
        targets: [id],
        message
      })
      const now = yield* Clock.currentTimeMillis
      const next = Effect.flatMap(DeliveryRepo, (repo) =>
        repo.claim(new Date(now), new Date(now + 180_000), 1)
      )
      const taken = [yield* next, yield* next, yield* next, yield* next].flat()
      expect(taken.map(({ projectId }) => projectId)).toEqual([7, 8, 7, 7])
    })
  )
})

describe("a message that ends each sender", () => {
  const { effect } = withLayer(deliveryTest({ hosts: [hooks.host] }, objects()))
  const sentBy = (send: Effect.Effect<never>) =>
    Effect.provide(
      Sender,
      Layer.fresh(Sender.layer).pipe(
        Layer.provide(Layer.succeed(Channels, { send: () => send }))
      )
    )
  const settled = Effect.fnUntraced(function* (send: Effect.Effect<never>) {
    const url = hooks.url("/taken")
    const about = yield* enqueue([
      yield* destination({ kind: "webhook", name: "W", url })
    ])
    const { once } = yield* sentBy(send)
    for (let look = 0; look < 12; look++) {
      yield* once
      yield* TestClock.adjust("10 hours")
    }
    return (yield* ledger(about))[0]
  })

  effect("is given up in the end, and the ledger says why", () =>
    Effect.gen(function* () {
      const ended = yield* settled(Effect.interrupt)
      expect(ended).toMatchObject({
        state: "refused",
        detail: expect.stringContaining("Given up after 8 attempts")
      })
      expect(ended?.attempts.length).toBe(8)
    })
  )

  effect("for a fault in the program waits as long as any other", () =>
    Effect.gen(function* () {
      const died = yield* settled(Effect.die(new Error("no such key")))
      expect(died).toMatchObject({
        state: "refused",
        detail: expect.stringContaining("Given up after 8 attempts")
      })
      expect(new Set(died?.attempts.map(({ outcome }) => outcome))).toEqual(
        new Set(["deferred"])
      )
    })
  )
})
