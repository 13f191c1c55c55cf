import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { ReportRepo } from "../../src/definitions/ReportRepo.ts"
import { Destinations } from "../../src/destinations/Destinations.ts"
import { ScheduleSync } from "../../src/subscriptions/ScheduleSync.ts"
import { SubscriptionRuns } from "../../src/subscriptions/SubscriptionRuns.ts"
import { Subscriptions } from "../../src/subscriptions/Subscriptions.ts"
import { owner } from "../delivery/DeliveryTest.ts"
import {
  alone,
  asked,
  lookAt,
  messagesOf,
  SubscriptionWorld,
  subscribed,
  subscriptionsIn
} from "./SubscriptionWorld.ts"

const world = new SubscriptionWorld()
const { effect } = withLayer(subscriptionsIn(world))
const monday = "2026-03-02T07:00:00.000Z"
const minute = (minutes: number) =>
  new Date(Date.parse(monday) + minutes * 60_000).toISOString()

const reset = Effect.sync(() => {
  world.watermark = monday
  world.isAway = false
  world.batchAway = false
  world.refusal = undefined
  world.value = (day) => 10 + day
  world.schedules.clear()
})
const test = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  alone(Effect.andThen(reset, body))

/** Looks by the minute. */
const looking = Effect.fnUntraced(function* (from: number, to: number) {
  for (let at = from; at <= to; at++) yield* lookAt(minute(at))
})

describe("while analytics-api is away", () => {
  effect("a report waits, and is sent once when it is back", () =>
    test(
      Effect.gen(function* () {
        world.isAway = true
        const { subscription } = yield* subscribed()
        yield* lookAt(monday)
        yield* asked(subscription.id, monday)
        yield* looking(0, 90)
        expect(yield* asked(subscription.id, monday)).toMatchObject({
          state: "waiting",
          detail: expect.stringContaining("no answer")
        })
        world.isAway = false
        yield* looking(90, 100)
        expect(yield* asked(subscription.id, monday)).toMatchObject({ state: "sent" })
        expect((yield* messagesOf(subscription.id)).length).toBe(1)
      })
    )
  )

  effect("its owner is told after the limit, once, and it can be tried again", () =>
    test(
      Effect.gen(function* () {
        world.isAway = true
        const { id: ops } = yield* (yield* Destinations).create(owner, {
          kind: "store",
          name: "Operators",
          prefix: "ops"
        })
        const { subscription } = yield* subscribed({ waitSeconds: 600, owners: [ops] })
        yield* lookAt(monday)
        yield* asked(subscription.id, monday)
        yield* looking(0, 69)
        expect(yield* messagesOf(subscription.id)).toEqual([])
        yield* looking(70, 80)
        expect((yield* asked(subscription.id, monday)).state).toBe("failed")
        yield* looking(81, 90)
        const [notice, ...others] = yield* messagesOf(subscription.id)
        expect(others).toEqual([])
        expect(notice?.about).toMatch(/#failed\d+$/u)
        expect(notice?.content).toMatchObject({
          kind: "failure",
          title: "Not sent: Leads"
        })
        const sql = yield* SqlClient.SqlClient
        const told = yield* sql`
          SELECT destination_id, topic FROM reports.deliveries
           WHERE about = ${notice?.about ?? ""}`
        expect(told).toEqual([
          { destinationId: ops, topic: `subscription-failures:${subscription.id}` }
        ])
        // The job is retried: another run of it begins this one anew.
        world.isAway = false
        yield* asked(subscription.id, monday, 2)
        yield* looking(91, 92)
        expect((yield* asked(subscription.id, monday, 2)).state).toBe("sent")
        expect((yield* messagesOf(subscription.id)).length).toBe(2)
      })
    )
  )

  effect(
    "a person's try that fails too is told, and the job can still be retried",
    () =>
      test(
        Effect.gen(function* () {
          world.isAway = true
          const { subscription } = yield* subscribed({ waitSeconds: 0 })
          yield* lookAt(monday)
          yield* asked(subscription.id, monday)
          yield* looking(0, 66)
          const runs = yield* SubscriptionRuns
          const again = yield* runs.send(7, subscription.id, "key-1", new Date(monday))
          expect(again.state).toBe("waiting")
          yield* looking(67, 134)
          expect((yield* asked(subscription.id, monday)).state).toBe("failed")
          expect((yield* messagesOf(subscription.id)).length).toBe(2)
          expect((yield* asked(subscription.id, monday, 2)).state).toBe("waiting")
        })
      )
  )

  effect("a revised report comes later, and it is said when it never could", () =>
    test(
      Effect.gen(function* () {
        const revise = { forSeconds: 3600, everySeconds: 600, most: 3, tolerance: 0 }
        const { subscription } = yield* subscribed({ revise })
        yield* lookAt(monday)
        yield* asked(subscription.id, monday)
        yield* looking(0, 1)
        world.isAway = true
        yield* looking(1, 30)
        world.isAway = false
        world.watermark = minute(30)
        world.value = () => 1
        yield* looking(31, 40)
        expect((yield* messagesOf(subscription.id)).length).toBe(2)
        world.isAway = true
        yield* looking(41, 125)
        const page = { before: undefined, limit: 1 }
        const runs = yield* SubscriptionRuns
        const { runs: found } = yield* runs.page(7, subscription.id, page)
        expect(found[0]).toMatchObject({
          state: "sent",
          revisions: 1,
          reviseUntil: null
        })
        expect(found[0]?.detail).toStartWith("It could not be looked at for late data")
      })
    )
  )

  effect("what will never be made fails at once", () =>
    test(
      Effect.gen(function* () {
        const { reportId, subscription } = yield* subscribed()
        yield* lookAt(monday)
        yield* asked(subscription.id, monday)
        const sql = yield* SqlClient.SqlClient
        yield* sql`DELETE FROM reports.definitions WHERE id = ${reportId}::uuid`
        yield* looking(0, 1)
        expect(yield* asked(subscription.id, monday)).toMatchObject({
          state: "failed",
          detail: expect.stringContaining("The report was deleted.")
        })
      })
    )
  )
})

describe("schedules of batch-processor", () => {
  const synced = Effect.gen(function* () {
    yield* TestClock.adjust("1 minute")
    return yield* (yield* ScheduleSync).once
  })

  effect("follow the subscription, also after an outage", () =>
    test(
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.parse(monday))
        const { subscription } = yield* subscribed()
        const { id } = subscription
        const subscriptions = yield* Subscriptions
        world.batchAway = true
        yield* synced
        expect(yield* subscriptions.get(7, id)).toMatchObject({
          scheduled: false,
          scheduleProblem: "It is away."
        })
        world.batchAway = false
        yield* synced
        expect(world.schedules.get(id)).toEqual({
          cron: "0 8 * * 1",
          timezone: "Europe/Berlin"
        })
        expect(yield* subscriptions.get(7, id)).toMatchObject({
          scheduled: true,
          scheduleProblem: null
        })
        expect(yield* synced).toBe(0)
        yield* subscriptions.change(7, id, { schedule: { cron: "30 6 1 * *" } })
        yield* synced
        expect(world.schedules.get(id)?.cron).toBe("30 6 1 * *")
        yield* subscriptions.change(7, id, { paused: true })
        yield* synced
        expect(world.schedules.has(id)).toBe(false)
        yield* subscriptions.change(7, id, { paused: false })
        yield* synced
        // It was restored without them.
        world.schedules.clear()
        yield* TestClock.adjust("1 hour")
        yield* synced
        expect(world.schedules.has(id)).toBe(true)
        world.batchAway = true
        yield* subscriptions.remove(7, id)
        yield* synced
        expect((yield* Effect.flip(subscriptions.get(7, id)))._tag).toBe(
          "SubscriptionNotFound"
        )
        world.batchAway = false
        yield* synced
        expect(world.schedules.size).toBe(0)
        const sql = yield* SqlClient.SqlClient
        expect(yield* sql`SELECT id FROM reports.subscriptions`).toEqual([])
      })
    )
  )

  effect("are told again when a process ended before it wrote that they are", () =>
    test(
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.parse(monday))
        const { subscription } = yield* subscribed()
        const sql = yield* SqlClient.SqlClient
        const sync = yield* ScheduleSync
        // It was told, and the process ended right after it.
        yield* sync.once
        yield* sql`
          UPDATE reports.subscriptions
             SET scheduled_version = 0,
                 sync_at = ${new Date(Date.parse(monday) + 60_000)}::timestamptz`
        yield* synced
        expect(world.schedules.size).toBe(1)
        const { scheduled } = yield* (yield* Subscriptions).get(7, subscription.id)
        expect(scheduled).toBe(true)
      })
    )
  )

  effect("that nobody knows any more are removed when they ask", () =>
    test(
      Effect.gen(function* () {
        const id = Bun.randomUUIDv7()
        world.schedules.set(id, { cron: "0 8 * * 1", timezone: "UTC" })
        expect((yield* asked(id, monday)).state).toBe("removed")
        expect(world.schedules.size).toBe(0)
      })
    )
  )

  effect("that are refused are shown with why", () =>
    test(
      Effect.gen(function* () {
        world.refusal = "It has as many schedules as may be."
        const { subscription } = yield* subscribed()
        yield* synced
        expect(yield* (yield* Subscriptions).get(7, subscription.id)).toMatchObject({
          scheduled: false,
          scheduleProblem: world.refusal
        })
      })
    )
  )
})

describe("what a subscription names", () => {
  effect("stays as long as it does", () =>
    test(
      Effect.gen(function* () {
        const { destination, reportId, subscription } = yield* subscribed()
        const reports = yield* ReportRepo
        expect(yield* reports.remove(7, reportId)).toEqual({
          removed: false,
          usedBy: ["Leads"]
        })
        const destinations = yield* Destinations
        const refused = yield* Effect.flip(destinations.remove(owner, destination))
        expect(refused).toMatchObject({
          _tag: "DestinationConflict",
          detail: "It is still named by the subscription Leads."
        })
        yield* (yield* Subscriptions).remove(7, subscription.id)
        yield* destinations.remove(owner, destination)
        expect((yield* reports.remove(7, reportId)).removed).toBe(true)
      })
    )
  )

  effect("must be there, and be the project's", () =>
    test(
      Effect.gen(function* () {
        const { destination, reportId } = yield* subscribed()
        const subscriptions = yield* Subscriptions
        const wanted = {
          name: "x",
          reportId,
          destinations: [destination],
          schedule: { cron: "0 8 * * 1" }
        }
        const of = (projectId: number, over: object) =>
          Effect.flip(
            subscriptions.create({ projectId, actor: "a" }, { ...wanted, ...over })
          )
        const nothing = Bun.randomUUIDv7()
        const faults = yield* Effect.all([
          of(8, {}),
          of(7, { reportId: nothing }),
          of(7, { destinations: [destination, nothing] }),
          of(7, { schedule: { cron: "every monday" } }),
          of(7, { timezone: "Berlin" }),
          of(7, { parameters: { a: 1 } })
        ])
        expect(
          faults.map((it) => ("errors" in it ? it.errors[0]?.pointer : ""))
        ).toEqual([
          "/reportId",
          "/reportId",
          "/destinations/1",
          "/schedule/cron",
          "/timezone",
          "/parameters/a"
        ])
      })
    )
  )
})
