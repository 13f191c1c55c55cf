import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect } from "effect"
import { MOST_CAUGHT_UP } from "../../src/alerts/lookAtAlert.ts"
import {
  alertsIn,
  alone,
  at,
  create,
  historyOf,
  noticesOf,
  settled,
  World
} from "./AlertWorld.ts"

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const from = Date.parse("2026-11-23T11:00:00Z")

const kindsOf = (id: string) =>
  Effect.map(noticesOf(id), (notices) => notices.map(({ kind }) => kind))

describe("while", () => {
  const world = new World()
  const it = withLayer(alertsIn(world))

  const outages = [
    ["analytics-api", "analyticsAway", "threshold"],
    ["ml-inference", "inferenceAway", "anomaly"]
  ] as const
  for (const [service, away, kind] of outages)
    it.effect(`${service} is away: told once, made up for, and told again`, () =>
      alone(
        Effect.gen(function* () {
          world.sent = []
          world.value = (start) => (start === from + HOUR ? 60 : 1)
          const { id } = yield* create("2026-11-23T11:05:00Z", {
            condition:
              kind === "threshold"
                ? { kind, direction: "above", value: 10 }
                : { kind, direction: "high" },
            reviseSeconds: 0
          })
          world[away] = true
          for (let now = from + HOUR; now < from + 4 * HOUR; now += MINUTE)
            yield* at(now)
          expect(yield* historyOf(id)).toEqual([])
          expect(yield* kindsOf(id)).toEqual(["outage"])
          expect((yield* noticesOf(id))[0]?.at.getTime()).toBe(from + 2 * HOUR)
          world[away] = false
          for (let now = from + 4 * HOUR; now < from + 5 * HOUR; now += MINUTE)
            yield* at(now)
          const judged = yield* historyOf(id)
          expect(judged.map(({ verdict }) => verdict)).toEqual([
            "ok",
            "breach",
            "ok",
            "ok"
          ])
          expect(yield* kindsOf(id)).toEqual([
            "outage",
            "recovered",
            "fired",
            "resolved"
          ])
          expect(world.messages().map(({ title }) => title)).toEqual([
            "Cannot be evaluated: Too many",
            "Fired, and resolved since: Too many"
          ])
          expect(world.messages()[1]?.summary).toContain("is evaluated again")
        })
      )
    )

  it.effect("a short outage is made up for, and nothing is told of it", () =>
    alone(
      Effect.gen(function* () {
        world.value = () => 1
        const { id } = yield* create("2026-11-23T11:05:00Z")
        world.analyticsAway = true
        for (let now = from + HOUR; now < from + HOUR + 50 * MINUTE; now += MINUTE)
          yield* at(now)
        world.analyticsAway = false
        for (let now = from + HOUR + 50 * MINUTE; now < from + 2 * HOUR; now += MINUTE)
          yield* at(now)
        expect((yield* historyOf(id)).length).toBe(1)
        expect(yield* kindsOf(id)).toEqual([])
      })
    )
  )

  it.effect("nothing of the data comes, that is told, too", () =>
    alone(
      Effect.gen(function* () {
        const { id } = yield* create("2026-11-23T11:05:00Z")
        for (let now = from + HOUR; now < from + 3 * HOUR; now += MINUTE) {
          world.lag = now - from - 30 * MINUTE
          yield* at(now)
        }
        const [notice, ...others] = yield* noticesOf(id)
        expect(others).toEqual([])
        expect(notice?.content.reason).toContain("is stored up to 2026-11-23T11:30:00")
        world.lag = 0
      })
    )
  )

  it.effect(
    "nobody evaluates for weeks: the newest are made up for, a gap is told",
    () =>
      alone(
        Effect.gen(function* () {
          world.value = () => 1
          const { id } = yield* create("2026-11-02T11:05:00Z")
          yield* settled(from)
          const judged = yield* historyOf(id)
          expect(judged.length).toBe(MOST_CAUGHT_UP + 1)
          expect(judged[0]).toMatchObject({
            verdict: "skipped",
            bucket: new Date("2026-11-02T11:00:00Z"),
            bucketEnd: new Date(from - MOST_CAUGHT_UP * HOUR)
          })
          for (const [index, { bucket }] of judged.slice(1).entries())
            expect(bucket).toEqual(judged[index]?.bucketEnd ?? new Date(0))
          expect(yield* kindsOf(id)).toEqual(["skipped"])
        })
      )
  )

  it.effect("the outbox is away, notices wait, and go once it is back", () =>
    alone(
      Effect.gen(function* () {
        world.sent = []
        world.value = (start) => (start === from ? 60 : 1)
        const { id } = yield* create("2026-11-23T11:05:00Z")
        world.outboxAway = true
        for (let minute = 0; minute < 5; minute++)
          yield* at(from + HOUR + minute * MINUTE)
        expect((yield* noticesOf(id)).map(({ state }) => state)).toEqual(["waiting"])
        expect((yield* noticesOf(id))[0]?.failure).toContain("the outbox is away")
        world.outboxAway = false
        for (let minute = 5; minute < 20; minute++)
          yield* at(from + HOUR + minute * MINUTE)
        expect(world.messages().map(({ title }) => title)).toEqual(["Firing: Too many"])
        expect((yield* noticesOf(id))[0]).toMatchObject({
          state: "sent",
          failure: null
        })
      })
    )
  )
})

describe("late data", () => {
  const world = new World()
  const it = withLayer(alertsIn(world))

  it.effect("makes a judged bucket another one, which is told if it fires", () =>
    alone(
      Effect.gen(function* () {
        let late = 1
        world.value = (start) => (start === from ? late : 1)
        const { id } = yield* create("2026-11-23T11:05:00Z")
        yield* settled(from + HOUR)
        yield* settled(from + 2 * HOUR)
        late = 20
        yield* settled(from + 3 * HOUR)
        const [first] = yield* historyOf(id)
        expect(first).toMatchObject({ verdict: "breach", value: 20, revised: true })
        expect(first?.revisions).toMatchObject([{ verdict: "ok", value: 1 }])
        expect(yield* kindsOf(id)).toEqual(["late"])
        // More of it is written down, and not told again; nor is what takes it back.
        for (const [index, value] of [21, 2, 30].entries()) {
          late = value
          yield* settled(from + (4 + index) * HOUR)
        }
        expect((yield* historyOf(id))[0]?.revisions.map(({ value }) => value)).toEqual([
          1, 20, 21, 2
        ])
        expect(yield* kindsOf(id)).toEqual(["late"])
      })
    )
  )

  it.effect("of the newest bucket fires; the next one ends it", () =>
    alone(
      Effect.gen(function* () {
        let late = 1
        const day = Date.parse("2026-11-22T23:00:00Z")
        world.value = (start) => (start === day ? late : 1)
        const { id } = yield* create("2026-11-23T11:05:00Z", { interval: "day" })
        yield* settled("2026-11-23T23:00:00Z")
        late = 20
        yield* settled("2026-11-24T01:30:00Z")
        expect(yield* kindsOf(id)).toEqual(["fired"])
        yield* settled("2026-11-24T23:00:00Z")
        expect(yield* kindsOf(id)).toEqual(["fired", "resolved"])
      })
    )
  )

  it.effect("is not looked at once the time for it is over", () =>
    alone(
      Effect.gen(function* () {
        let late = 1
        world.value = (start) => (start === from ? late : 1)
        const { id } = yield* create("2026-11-23T11:05:00Z", { reviseSeconds: 7200 })
        for (let hour = 1; hour <= 4; hour++) yield* settled(from + hour * HOUR)
        late = 20
        yield* settled(from + 5 * HOUR)
        expect((yield* historyOf(id))[0]?.revised).toBe(false)
        expect(yield* kindsOf(id)).toEqual([])
      })
    )
  )
})
