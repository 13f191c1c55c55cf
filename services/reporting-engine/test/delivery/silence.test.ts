import { afterAll, describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Sender } from "../../src/delivery/Sender.ts"
import { deliveryTest, destination, enqueue, ledger, objects } from "./DeliveryTest.ts"
import { hookServer } from "./HookServer.ts"
import { mailServer } from "./MailServer.ts"

const mail = await mailServer()
const hooks = hookServer()
afterAll(async () => {
  await mail.close()
  hooks.close()
})
const { effect } = withLayer(
  deliveryTest({ smtpUrl: mail.url, hosts: [hooks.host] }, objects())
)
const once = Effect.flatMap(Sender, (sender) => sender.once)

describe("another side that never answers", () => {
  /** Looks, and lets no more than the time for an answer pass once it has the message. */
  const unanswered = Effect.fnUntraced(function* (
    patience: "30 seconds" | "110 seconds",
    isThere: () => boolean
  ) {
    const look = yield* Effect.forkChild(once)
    while (!isThere()) yield* Effect.promise(() => Bun.sleep(1))
    yield* TestClock.adjust(patience)
    yield* Fiber.join(look)
  })

  effect("is tried again where it knows what comes twice", () =>
    Effect.gen(function* () {
      const url = hooks.url("/mute")
      const hook = yield* destination({ kind: "webhook", name: "Mute", url })
      const about = yield* enqueue([hook])
      yield* unanswered("30 seconds", () => hooks.of("/mute").length > 0)
      const [delivery] = yield* ledger(about)
      expect(delivery).toMatchObject({
        state: "pending",
        detail: "It did not answer in time."
      })
      expect(delivery?.attempts).toMatchObject([{ outcome: "unknown", code: null }])
    })
  )

  effect("is left to a person where it does not", () =>
    Effect.gen(function* () {
      const addresses = ["mute@example.com"]
      const box = yield* destination({ kind: "email", name: "Mute", addresses })
      const about = yield* enqueue([box])
      yield* unanswered("110 seconds", () => mail.of("mute@example.com").length > 0)
      const [delivery] = yield* ledger(about)
      expect(delivery?.state).toBe("uncertain")
      expect(delivery?.attempts).toMatchObject([{ outcome: "unknown", code: null }])
    })
  )
})
