import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect } from "effect"
import { ReportRepo } from "../../src/definitions/ReportRepo.ts"
import { ReportRuns } from "../../src/runs/ReportRuns.ts"
import { SubscriptionRuns } from "../../src/subscriptions/SubscriptionRuns.ts"
import { Subscriptions } from "../../src/subscriptions/Subscriptions.ts"
import { owner } from "../delivery/DeliveryTest.ts"
import { orders } from "../runs/ReportWorld.ts"
import {
  alone,
  asked,
  definition,
  lookAt,
  messagesOf,
  SubscriptionWorld,
  subscribed,
  subscriptionsIn
} from "./SubscriptionWorld.ts"

const world = new SubscriptionWorld()
const { effect } = withLayer(subscriptionsIn(world))

/** Monday, 08:00 in Berlin; the week before ended eight hours ago. */
const monday = "2026-03-02T07:00:00.000Z"
const endOfWeek = "2026-03-01T23:00:00.000Z"

const reset = Effect.sync(() => {
  world.watermark = monday
  world.isAway = false
  world.value = (day) => 10 + day
})
const test = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  alone(Effect.andThen(reset, body))

/** The number that each message says. */
const saidBy = Effect.fnUntraced(function* (id: string) {
  const runs = yield* ReportRuns
  const { runs: times } = yield* (yield* SubscriptionRuns).page(owner.projectId, id, {
    before: undefined,
    limit: 10
  })
  return yield* Effect.forEach(times, ({ reportRunId }) =>
    Effect.gen(function* () {
      const run = yield* runs.get(owner.projectId, reportRunId ?? "")
      return yield* runs.kept(run)
    })
  )
})

describe("a subscription that is due", () => {
  effect("is sent once, however often it is asked", () =>
    test(
      Effect.gen(function* () {
        const { subscription } = yield* subscribed()
        yield* lookAt(monday)
        expect((yield* asked(subscription.id, monday)).state).toBe("waiting")
        yield* asked(subscription.id, monday)
        expect(yield* lookAt(monday)).toBe(1)
        expect(yield* asked(subscription.id, monday)).toMatchObject({
          state: "sent",
          incomplete: false,
          asOf: new Date(monday)
        })
        yield* lookAt("2026-03-02T09:00:00Z")
        const [message, ...others] = yield* messagesOf(subscription.id)
        expect(others).toEqual([])
        expect(message).toMatchObject({
          about: `subscription:${subscription.id}@${monday}`,
          content: {
            kind: "report",
            title: "Orders of the week: Feb 23, 2026 – Mar 1, 2026",
            files: [{ name: "orders-of-the-week-2026-03-02.json" }]
          }
        })
      })
    )
  )

  effect("waits until its week is complete, and no longer", () =>
    test(
      Effect.gen(function* () {
        world.watermark = "2026-03-01T22:59:59.000Z"
        const { subscription } = yield* subscribed()
        yield* lookAt(monday)
        yield* asked(subscription.id, monday)
        yield* lookAt(monday)
        expect(yield* asked(subscription.id, monday)).toMatchObject({
          state: "waiting",
          detail: expect.stringContaining("2026-03-01T22:59:59.000Z")
        })
        world.watermark = endOfWeek
        yield* lookAt("2026-03-02T07:30:00Z")
        expect(yield* asked(subscription.id, monday)).toMatchObject({
          state: "sent",
          incomplete: false
        })
      })
    )
  )

  effect("says so when it was waited for long enough", () =>
    test(
      Effect.gen(function* () {
        world.watermark = "2026-03-01T20:00:00.000Z"
        const { subscription } = yield* subscribed({ waitSeconds: 3600 })
        yield* lookAt(monday)
        yield* asked(subscription.id, monday)
        yield* lookAt(monday)
        yield* lookAt("2026-03-02T07:59:59Z")
        expect((yield* asked(subscription.id, monday)).state).toBe("waiting")
        yield* lookAt("2026-03-02T08:00:00Z")
        expect(yield* asked(subscription.id, monday)).toMatchObject({
          state: "sent",
          incomplete: true,
          asOf: new Date("2026-03-01T20:00:00.000Z")
        })
        const [message] = yield* messagesOf(subscription.id)
        expect(message?.content.title).toEndWith("(not complete)")
        expect(message?.content.summary).toContain(
          "All data is there up to Mar 1, 2026, 9:00 PM only. It was waited for until Mar 2, 2026, 9:00 AM"
        )
        const [document] = yield* saidBy(subscription.id)
        expect(document?.notices.map(({ kind }) => kind)).toEqual(["incomplete"])
      })
    )
  )

  effect("is skipped when it has nothing to say, if that was wished", () =>
    test(
      Effect.gen(function* () {
        world.value = () => 0
        const { subscription } = yield* subscribed({ skipEmpty: true })
        yield* lookAt(monday)
        yield* asked(subscription.id, monday)
        yield* lookAt(monday)
        expect((yield* asked(subscription.id, monday)).state).toBe("skipped")
        expect(yield* messagesOf(subscription.id)).toEqual([])
      })
    )
  )

  effect("reports on the week of its zone, also where clocks change", () =>
    test(
      Effect.gen(function* () {
        const times = [
          // Berlin goes to summer time on 29 March, and back on 25 October.
          [
            "2026-03-30T06:00:00.000Z",
            "2026-03-22T23:00:00.000Z",
            "2026-03-29T22:00:00.000Z"
          ],
          [
            "2026-10-26T07:00:00.000Z",
            "2026-10-18T22:00:00.000Z",
            "2026-10-25T23:00:00.000Z"
          ]
        ] as const
        for (const [due, from, to] of times) {
          world.watermark = to
          const { subscription } = yield* subscribed()
          yield* lookAt(due)
          yield* asked(subscription.id, due)
          // Late by days, it still is the report of that Monday.
          yield* lookAt(new Date(Date.parse(due) + 3 * 86_400_000).toISOString())
          const [document] = yield* saidBy(subscription.id)
          expect(document).toMatchObject({ from, to, notices: [] })
        }
      })
    )
  )

  effect("is not made while it is paused, and is when somebody sends it", () =>
    test(
      Effect.gen(function* () {
        const { subscription } = yield* subscribed({ paused: true })
        yield* lookAt(monday)
        expect((yield* asked(subscription.id, monday)).state).toBe("skipped")
        const runs = yield* SubscriptionRuns
        const sent = yield* runs.send(7, subscription.id, "key-1", new Date(endOfWeek))
        const again = yield* runs.send(7, subscription.id, "key-1", new Date(endOfWeek))
        expect(again.id).toBe(sent.id)
        yield* lookAt(monday)
        expect((yield* messagesOf(subscription.id)).length).toBe(1)
        const early = yield* Effect.flip(
          runs.send(7, subscription.id, "key-1", new Date("2027-01-01T00:00:00Z"))
        )
        expect(early._tag).toBe("RunNotDue")
      })
    )
  )
})

describe("late data", () => {
  const revised = Effect.fnUntraced(function* (over: object = {}) {
    const { subscription } = yield* subscribed({
      revise: {
        forSeconds: 86_400,
        everySeconds: 3600,
        most: 2,
        tolerance: 0.05,
        ...over
      }
    })
    yield* lookAt(monday)
    yield* asked(subscription.id, monday)
    yield* lookAt(monday)
    return subscription.id
  })
  const hour = (hours: number) =>
    new Date(Date.parse(monday) + hours * 3_600_000).toISOString()
  const lookAfter = Effect.fnUntraced(function* (hours: number) {
    world.watermark = hour(hours)
    return yield* lookAt(hour(hours))
  })

  effect("makes a revised report that names what is different, once", () =>
    test(
      Effect.gen(function* () {
        const id = yield* revised()
        yield* lookAfter(1)
        world.value = (day) => 20 + day
        yield* lookAfter(2)
        yield* lookAfter(3)
        yield* lookAfter(4)
        const [, second, ...others] = yield* messagesOf(id)
        expect(others).toEqual([])
        expect(second).toMatchObject({
          about: `subscription:${id}@${monday}#r1`,
          content: { kind: "revised" }
        })
        expect(second?.content.title).toStartWith("Revised: Orders of the week")
        expect(second?.content.summary).toContain("Orders: 91 → 161")
        const [document] = yield* saidBy(id)
        expect(document?.notices.map(({ kind }) => kind)).toEqual([
          "revised",
          "revised"
        ])
      })
    )
  )

  effect("is not told when it changes less than is tolerated, but adds up", () =>
    test(
      Effect.gen(function* () {
        const id = yield* revised()
        world.value = (day) => 10 + day + (day === 0 ? 4 : 0)
        yield* lookAfter(1)
        expect((yield* messagesOf(id)).length).toBe(1)
        world.value = (day) => 10 + day + (day === 0 ? 8 : 0)
        yield* lookAfter(2)
        expect((yield* messagesOf(id)).length).toBe(2)
      })
    )
  )

  effect("is told so many times at most, and so long", () =>
    test(
      Effect.gen(function* () {
        const often = yield* revised()
        for (let at = 1; at < 6; at++) {
          world.value = (day) => at * 100 + day
          yield* lookAfter(at)
        }
        expect((yield* messagesOf(often)).length).toBe(3)
        yield* reset
        const long = yield* revised()
        yield* lookAfter(24)
        world.value = () => 1000
        expect(yield* lookAfter(30)).toBe(0)
        expect((yield* messagesOf(long)).length).toBe(1)
      })
    )
  )

  effect("completes what was sent incomplete", () =>
    test(
      Effect.gen(function* () {
        world.watermark = "2026-03-01T20:00:00.000Z"
        const { subscription } = yield* subscribed({ waitSeconds: 0, revise: {} })
        yield* lookAt(monday)
        yield* asked(subscription.id, monday)
        yield* lookAt(monday)
        world.value = () => 99
        yield* lookAfter(2)
        const [first, second] = yield* messagesOf(subscription.id)
        expect(first?.content.title).toEndWith("(not complete)")
        expect(second?.content.title).not.toContain("not complete")
        expect(second?.content.kind).toBe("revised")
      })
    )
  )

  effect("is looked for with the report and parameters of then", () =>
    test(
      Effect.gen(function* () {
        const id = yield* revised()
        const subscriptions = yield* Subscriptions
        const other = yield* subscribed({}, undefined, {
          ...definition,
          title: "Another report",
          range: "last_month",
          parameters: [{ name: "days", type: "number", default: 1 }]
        })
        yield* subscriptions.change(owner.projectId, id, {
          reportId: other.reportId,
          parameters: { days: 3 }
        })
        yield* lookAfter(1)
        // Nothing came late: the numbers of another report are no news of this one.
        expect((yield* messagesOf(id)).length).toBe(1)
        world.value = () => 50
        yield* lookAfter(2)
        const [, second] = yield* messagesOf(id)
        expect(second?.content.title).toStartWith("Revised: Orders of the week")
        expect(second?.content.title).not.toContain("not complete")
      })
    )
  )

  effect("is nothing that somebody made of an insight meanwhile", () =>
    test(
      Effect.gen(function* () {
        const revise = { forSeconds: 86_400, everySeconds: 3600 }
        const { subscription } = yield* subscribed({ revise }, undefined, {
          ...definition,
          sections: [{ type: "insight", insight: orders.id }]
        })
        yield* lookAt(monday)
        yield* asked(subscription.id, monday)
        yield* lookAt(monday)
        const updatedAt = "2100-01-01T00:00:00.000Z"
        world.insights.set(orders.id, { ...orders, version: 2, updatedAt })
        world.value = () => 50
        yield* lookAfter(1)
        world.insights.set(orders.id, orders)
        expect((yield* messagesOf(subscription.id)).length).toBe(1)
        const page = { before: undefined, limit: 1 }
        const { runs } = yield* (yield* SubscriptionRuns).page(7, subscription.id, page)
        expect(runs[0]).toMatchObject({
          state: "sent",
          detail: expect.stringContaining("Orders asks something else"),
          reviseUntil: null
        })
      })
    )
  )

  effect("is not looked for any more once nobody wants to hear of it", () =>
    test(
      Effect.gen(function* () {
        const id = yield* revised()
        yield* (yield* Subscriptions).change(owner.projectId, id, { revise: null })
        world.value = () => 50
        yield* lookAfter(1)
        expect(yield* lookAfter(2)).toBe(0)
        expect((yield* messagesOf(id)).length).toBe(1)
      })
    )
  )

  effect(
    "is looked for no longer than was wished, however far the looks are apart",
    () =>
      test(
        Effect.gen(function* () {
          const id = yield* revised({ forSeconds: 3600, everySeconds: 86_400 })
          world.value = () => 50
          yield* lookAfter(1)
          expect((yield* messagesOf(id)).length).toBe(2)
        })
      )
  )

  effect("is looked for with the report as it was sent", () =>
    test(
      Effect.gen(function* () {
        const id = yield* revised()
        const { reportId } = yield* (yield* Subscriptions).get(7, id)
        const title = "Something else"
        yield* (yield* ReportRepo).change(owner, reportId, 1, {
          name: title,
          definition: { ...definition, title, range: "last_7d" }
        })
        yield* lookAfter(1)
        expect((yield* messagesOf(id)).length).toBe(1)
        world.value = () => 50
        yield* lookAfter(2)
        const [, second] = yield* messagesOf(id)
        expect(second?.content.title).toStartWith("Revised: Orders of the week")
      })
    )
  )
})
