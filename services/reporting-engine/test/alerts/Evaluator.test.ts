import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { Alerts } from "../../src/alerts/Alerts.ts"
import { bucketsBetween, timelineOf } from "../../src/alerts/alertBuckets.ts"
import { Evaluator } from "../../src/alerts/Evaluator.ts"
import {
  alertsIn,
  alone,
  asker,
  at,
  create,
  historyOf,
  noticesOf,
  settled,
  World
} from "./AlertWorld.ts"

const HOUR = 3_600_000
const kindsOf = (id: string) =>
  Effect.map(noticesOf(id), (notices) => notices.map(({ kind }) => kind))

describe("evaluation", () => {
  const world = new World()
  const it = withLayer(alertsIn(world))

  for (const [zone, from, to, interval] of [
    ["Europe/Berlin", "2026-03-28T20:30:00Z", "2026-03-29T05:00:00Z", "hour"],
    ["Europe/Berlin", "2026-10-24T20:30:00Z", "2026-10-25T05:00:00Z", "hour"],
    ["America/New_York", "2026-03-08T04:30:00Z", "2026-03-08T10:00:00Z", "hour"],
    ["America/New_York", "2026-11-01T03:30:00Z", "2026-11-01T09:00:00Z", "hour"],
    ["Asia/Kolkata", "2026-11-01T03:00:00Z", "2026-11-01T09:00:00Z", "hour"],
    ["Australia/Lord_Howe", "2026-04-04T10:30:00Z", "2026-04-04T18:00:00Z", "hour"],
    ["Australia/Lord_Howe", "2026-10-03T10:30:00Z", "2026-10-03T18:00:00Z", "hour"],
    ["Europe/Berlin", "2026-03-27T12:00:00Z", "2026-03-31T12:00:00Z", "day"],
    ["Europe/Berlin", "2026-10-23T12:00:00Z", "2026-10-27T12:00:00Z", "day"],
    ["America/New_York", "2026-10-20T12:00:00Z", "2026-11-12T12:00:00Z", "week"]
  ] as const)
    it.effect(`judges each ${interval} once, when it is over: ${zone} ${from}`, () =>
      alone(
        Effect.gen(function* () {
          const { id } = yield* create(from, { timezone: zone, interval })
          const step = interval === "hour" ? 600_000 : 6 * HOUR
          for (let now = Date.parse(from); now <= Date.parse(to); now += step) {
            yield* at(now)
            for (const { bucketEnd } of yield* historyOf(id))
              expect(bucketEnd.getTime()).toBeLessThanOrEqual(now)
          }
          const own = bucketsBetween(
            timelineOf(zone, interval, "monday"),
            Date.parse(from),
            Date.parse(to)
          ).filter(({ end }) => end <= Date.parse(to))
          const judged = yield* historyOf(id)
          expect(judged.map(({ label }) => label)).toEqual(
            own.map(({ label }) => label)
          )
          expect(judged.map(({ bucketEnd }) => bucketEnd.getTime())).toEqual(
            own.map(({ end }) => end)
          )
        })
      )
    )

  it.effect("does not go back to a bucket that is judged while it is changed", () =>
    alone(
      Effect.gen(function* () {
        world.value = () => 1
        const alerts = yield* Alerts
        const { look } = yield* Evaluator
        const { id } = yield* create("2026-11-23T10:05:00Z")
        const now = "2026-11-23T11:00:30Z"
        yield* TestClock.setTime(Date.parse(now))
        world.meanwhile = Effect.asVoid(Effect.orDie(look(Date.parse(now))))
        const condition = { kind: "threshold", direction: "above", value: 0 } as const
        const { nextBucket, version } = yield* alerts.change(asker, id, { condition })
        expect([nextBucket.toISOString(), version]).toEqual([
          "2026-11-23T11:00:00.000Z",
          2
        ])
        yield* settled("2026-11-23T11:01:00Z")
        expect(yield* kindsOf(id)).toEqual([])
        yield* settled("2026-11-23T12:00:30Z")
        expect((yield* historyOf(id)).map(({ verdict }) => verdict)).toEqual([
          "ok",
          "breach"
        ])
      })
    )
  )

  it.effect("waits for the watermark and the grace, and tells each change once", () =>
    alone(
      Effect.gen(function* () {
        world.sent = []
        world.value = (start) => (start === Date.parse("2026-11-23T10:00:00Z") ? 50 : 1)
        const { id } = yield* create("2026-11-23T10:05:00Z", { graceSeconds: 300 })
        world.lag = 120_000
        yield* at("2026-11-23T11:04:59Z")
        expect(yield* historyOf(id)).toEqual([])
        yield* at("2026-11-23T11:06:00Z")
        expect(yield* historyOf(id)).toEqual([])
        yield* settled("2026-11-23T11:07:30Z")
        expect((yield* historyOf(id)).map(({ verdict }) => verdict)).toEqual(["breach"])
        const { state } = yield* (yield* Alerts).get(asker, id)
        expect(state).toBe("firing")
        yield* settled("2026-11-23T12:08:00Z")
        expect((yield* (yield* Alerts).get(asker, id)).state).toBe("ok")
        expect(world.messages().map(({ title }) => title)).toEqual([
          "Firing: Too many",
          "Resolved: Too many"
        ])
        expect(world.messages()[0]).toMatchObject({
          kind: "alert",
          link: `http://reports.test/alerts/${id}`,
          facts: [
            { label: "Bucket", value: "2026-11-23T11:00:00+01:00" },
            { label: "Value", value: "50" },
            { label: "Held against", value: "10" }
          ]
        })
        world.lag = 0
      })
    )
  )

  it.effect("is done once by however many processes", () =>
    alone(
      Effect.gen(function* () {
        world.sent = []
        world.value = () => 50
        const made = yield* Effect.forEach([1, 2, 3, 4, 5, 6], () =>
          create("2026-11-23T10:05:00Z")
        )
        const now = Date.parse("2026-11-23T13:00:01Z")
        yield* TestClock.setTime(now)
        const { look } = yield* Evaluator
        yield* Effect.all(
          Array.from({ length: 6 }, () => look(now)),
          { concurrency: 6 }
        )
        for (const { id } of made) {
          expect((yield* historyOf(id)).length).toBe(3)
          expect(yield* kindsOf(id)).toEqual(["fired"])
        }
        yield* Effect.all(
          Array.from({ length: 6 }, () => at(now)),
          { concurrency: 6 }
        )
        expect(world.sent.length).toBe(6)
        expect(new Set(world.sent.map(({ about }) => about)).size).toBe(6)
      })
    )
  )

  it.effect("goes on beside an alert that cannot be read", () =>
    alone(
      Effect.gen(function* () {
        world.value = () => 1
        const broken = yield* create("2026-11-23T10:05:00Z")
        const { id } = yield* create("2026-11-23T10:05:00Z")
        const sql = yield* SqlClient.SqlClient
        yield* sql`
          UPDATE reports.alerts SET definition = '{"kind": "of a later version"}'
           WHERE id = ${broken.id}::uuid`
        yield* at("2026-11-23T11:00:01Z")
        expect((yield* historyOf(id)).map(({ verdict }) => verdict)).toEqual(["ok"])
        yield* sql`DELETE FROM reports.alerts WHERE id = ${broken.id}::uuid`
      })
    )
  )

  it.effect("acknowledged is not told again, and is over as any other", () =>
    alone(
      Effect.gen(function* () {
        world.value = (start) => (start < Date.parse("2026-11-23T12:00:00Z") ? 50 : 1)
        const { id } = yield* create("2026-11-23T10:05:00Z")
        const alerts = yield* Alerts
        expect((yield* Effect.flip(alerts.acknowledge(asker, id)))._tag).toBe(
          "AlertConflict"
        )
        yield* settled("2026-11-23T11:00:01Z")
        const { acknowledgedBy, state } = yield* alerts.acknowledge(asker, id)
        expect([state, acknowledgedBy]).toEqual(["acknowledged", "key-1"])
        yield* settled("2026-11-23T12:00:01Z")
        expect((yield* alerts.get(asker, id)).state).toBe("acknowledged")
        yield* settled("2026-11-23T13:00:01Z")
        expect(yield* alerts.get(asker, id)).toMatchObject({
          state: "ok",
          acknowledgedAt: null
        })
        expect(yield* kindsOf(id)).toEqual(["fired", "resolved"])
      })
    )
  )
})

describe("what is muted", () => {
  const world = new World()
  const it = withLayer(alertsIn(world))
  const from = Date.parse("2026-11-23T11:00:00Z")

  it.effect("by a note is told with the first bucket after it that still fires", () =>
    alone(
      Effect.gen(function* () {
        world.value = () => 50
        world.muted = [{ from, to: from + 1, text: "Moving the database" }]
        const { id } = yield* create("2026-11-23T11:05:00Z")
        yield* settled("2026-11-23T12:00:01Z")
        const [first] = yield* historyOf(id)
        expect(first).toMatchObject({ verdict: "breach", phase: "firing" })
        expect(first?.reason).toContain('Muted by the note "Moving the database"')
        expect(yield* kindsOf(id)).toEqual([])
        yield* settled("2026-11-23T13:00:01Z")
        expect(yield* kindsOf(id)).toEqual(["fired"])
        world.muted = []
      })
    )
  )

  it.effect("by hand, until then; and over before it is told, is not told", () =>
    alone(
      Effect.gen(function* () {
        world.value = (start) => (start === from ? 50 : 1)
        const { id } = yield* create("2026-11-23T11:05:00Z")
        yield* (yield* Alerts).mute(asker, id, from + 90 * 60_000)
        yield* settled("2026-11-23T12:00:01Z")
        yield* settled("2026-11-23T13:00:01Z")
        expect((yield* historyOf(id)).map(({ phase }) => phase)).toEqual([
          "firing",
          "ok"
        ])
        expect(yield* kindsOf(id)).toEqual([])
      })
    )
  )

  it.effect("by quiet hours is held, and one message says what became of it", () =>
    alone(
      Effect.gen(function* () {
        world.sent = []
        const night = Date.parse("2026-11-23T23:00:00Z")
        world.value = (start) => (start === night ? 50 : 1)
        const { id } = yield* create("2026-11-23T23:05:00Z", {
          quietHours: { from: "22:00", to: "07:00" }
        })
        for (let hour = 1; hour <= 6; hour++) yield* settled(night + hour * HOUR + 1000)
        expect(world.sent).toEqual([])
        expect((yield* noticesOf(id)).map(({ kind, state }) => [kind, state])).toEqual([
          ["fired", "held"],
          ["resolved", "held"]
        ])
        yield* settled("2026-11-24T06:00:00Z")
        expect(world.messages().map(({ title }) => title)).toEqual([
          "Fired, and resolved since: Too many"
        ])
        const notices = yield* noticesOf(id)
        expect(notices.map(({ state }) => state)).toEqual(["sent", "sent"])
        expect(new Set(notices.map(({ message }) => message)).size).toBe(1)
      })
    )
  )

  it.effect("by the cooldown is told when that is over and it still fires", () =>
    alone(
      Effect.gen(function* () {
        const values = [50, 1, 50, 50, 50, 1]
        world.value = (start) => values[(start - from) / HOUR] ?? 1
        const { id } = yield* create("2026-11-23T11:05:00Z", {
          cooldownSeconds: 10_800
        })
        for (let hour = 1; hour <= 6; hour++) yield* settled(from + hour * HOUR + 1000)
        const notices = yield* noticesOf(id)
        expect(notices.map(({ kind, at: told }) => [kind, told.toISOString()])).toEqual(
          [
            ["fired", "2026-11-23T12:00:01.000Z"],
            ["resolved", "2026-11-23T13:00:01.000Z"],
            ["fired", "2026-11-23T15:00:01.000Z"],
            ["resolved", "2026-11-23T17:00:01.000Z"]
          ]
        )
      })
    )
  )
})
