import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { removeOldMessages } from "../../src/removal/removeOldMessages.ts"
import {
  deliveryTest,
  destination,
  enqueue,
  ledger,
  objects
} from "../delivery/DeliveryTest.ts"

const { effect } = withLayer(deliveryTest({}, objects()))
const DAY = 86_400_000

describe("old messages", () => {
  effect(
    "go when they are as old as runs are kept, unless they are still to be sent",
    () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const target = yield* destination({ kind: "store", name: "Lake", prefix: "a" })
        const sent = yield* enqueue([target])
        const pending = yield* enqueue([target])
        yield* sql`
        UPDATE reports.deliveries SET state = 'delivered' WHERE about = ${sent}`
        const now = Date.now()
        const removedAt = (at: number) =>
          TestClock.setTime(at).pipe(
            Effect.andThen(removeOldMessages),
            Effect.provide(TestClock.layer())
          )
        yield* removedAt(now + 399 * DAY)
        expect((yield* ledger(sent)).length).toBe(1)
        yield* removedAt(now + 401 * DAY)
        expect((yield* ledger(sent)).length).toBe(0)
        expect((yield* ledger(pending)).length).toBe(1)
      })
  )
})
