import { describe, expect } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import type { NewAlert } from "../../src/alerts/AlertDefinition.ts"
import { Alerts } from "../../src/alerts/Alerts.ts"
import type { Condition } from "../../src/alerts/Condition.ts"
import {
  above10,
  alertsIn,
  alone,
  asker,
  create,
  historyOf,
  noticesOf,
  settled,
  World
} from "./AlertWorld.ts"

const HOUR = 3_600_000

const conditions: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({
    kind: fc.constant("threshold" as const),
    direction: fc.constantFrom("above" as const, "below" as const),
    value: fc.integer({ min: 5, max: 60 }),
    buckets: fc.integer({ min: 1, max: 2 }),
    of: fc.integer({ min: 2, max: 4 })
  }),
  fc.record({
    kind: fc.constant("change" as const),
    versus: fc.constantFrom("previous" as const, "week_ago" as const, "mean" as const),
    buckets: fc.integer({ min: 1, max: 5 }),
    unit: fc.constantFrom("percent" as const, "absolute" as const),
    direction: fc.constantFrom("up" as const, "down" as const, "any" as const),
    value: fc.integer({ min: 1, max: 60 }),
    minimumVolume: fc.integer({ min: 0, max: 20 })
  }),
  fc.record({
    kind: fc.constant("anomaly" as const),
    direction: fc.constantFrom("high" as const, "low" as const, "any" as const)
  }),
  fc.record({
    kind: fc.constant("missing" as const),
    buckets: fc.integer({ min: 1, max: 3 })
  })
)

const drawn = fc.record({
  condition: conditions,
  zone: fc.constantFrom(
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe"
  ),
  // Around changes of the clock, among others.
  start: fc.constantFrom(
    "2026-03-28T20:10:00Z",
    "2026-10-24T20:10:00Z",
    "2026-11-01T02:10:00Z",
    "2026-04-04T10:10:00Z",
    "2026-11-23T10:10:00Z"
  ),
  interval: fc.constantFrom("hour" as const, "day" as const),
  graceSeconds: fc.constantFrom(0, 900),
  cooldownSeconds: fc.constantFrom(0, 7200),
  numbers: fc.array(fc.option(fc.integer({ min: 0, max: 70 })), {
    minLength: 7,
    maxLength: 40
  }),
  // Steps of the clock between looks, in minutes: some longer than a bucket.
  steps: fc.array(fc.constantFrom(10, 60, 95, 400), { minLength: 1, maxLength: 5 })
})

describe("a back-test", () => {
  const world = new World()
  const it = withLayer(alertsIn(world))

  const runs = process.env["TEST_LONG"] === "1" ? 300 : 12
  it.effect("says what evaluation said of the same past, bucket by bucket", () =>
    Effect.forEach(
      fc.sample(drawn, { numRuns: runs, seed: Number(process.env["TEST_SEED"] ?? 7) }),
      ({ numbers, start, steps, zone, ...rest }) =>
        alone(
          Effect.gen(function* () {
            world.value = (at) =>
              numbers[Math.floor(at / HOUR) % numbers.length] ?? null
            const alert: NewAlert = { ...above10, ...rest, timezone: zone }
            const { id } = yield* create(start, alert)
            const from = Date.parse(start)
            const day = rest.interval === "day" ? 24 : 1
            const to = from + 14 * day * HOUR
            for (let now = from, index = 0; now <= to; index++) {
              yield* settled(now)
              now += (steps[index % steps.length] ?? 60) * day * 60_000
            }
            yield* settled(to)
            const judged = yield* historyOf(id)
            const past = yield* (yield* Alerts).backtest(asker, alert, from, to)
            expect(judged.length).toBeGreaterThan(10)
            expect(
              judged.map(({ label, reason, value, verdict }) => ({
                label,
                value,
                verdict,
                // What was withheld depends on when it was looked at.
                reason: reason.split(". The cooldown")[0]
              }))
            ).toEqual(
              past.buckets.map(({ label, reason, value, verdict }) => ({
                label,
                value,
                verdict,
                reason
              }))
            )
            expect(judged.map(({ phase }) => phase)).toEqual(
              past.buckets.map(({ phase }) => phase)
            )
            const notices = yield* noticesOf(id)
            const fired = notices.filter(({ kind }) => kind === "fired").length
            if (rest.cooldownSeconds === 0) expect(fired).toBe(past.fired.length)
            expect(fired).toBeLessThanOrEqual(past.fired.length)
            const kinds = notices.map(({ kind }) => kind)
            for (const [index, kind] of kinds.entries())
              expect(kind).toBe(index % 2 === 0 ? "fired" : "resolved")
          })
        ),
      { discard: true }
    )
  )

  it.effect("of a new alert are its last 30 buckets, in words, too", () =>
    alone(
      Effect.gen(function* () {
        const now = Date.parse("2026-11-23T11:00:00Z")
        world.value = (start) =>
          [3, 4, 10, 11, 12, 20].includes((now - start) / HOUR) ? 60 : 1
        const { backtest } = yield* create("2026-11-23T11:05:00Z")
        expect(backtest.buckets.length).toBe(30)
        expect(backtest.buckets.at(-1)?.bucketEnd.getTime()).toBe(now)
        expect(backtest.summary).toBe(
          "It would have fired 3 times: on 2026-11-22T16:00:00+01:00, 2026-11-23T00:00:00+01:00, 2026-11-23T08:00:00+01:00."
        )
        expect(backtest.fired.map(({ told }) => told)).toEqual([true, true, true])
      })
    )
  )

  it.effect("leaves out what notes mute, and says so", () =>
    alone(
      Effect.gen(function* () {
        const from = Date.parse("2026-11-23T05:00:00Z")
        world.value = (start) => (start === from ? 60 : 1)
        world.muted = [{ from, to: from + HOUR, text: "Load test" }]
        const { backtest } = yield* create("2026-11-23T11:05:00Z")
        expect(backtest.fired.map(({ told }) => told)).toEqual([false])
        world.muted = []
      })
    )
  )

  it.effect("names what is too much, and knows only complete buckets", () =>
    alone(
      Effect.gen(function* () {
        yield* TestClock.setTime(Date.parse("2026-11-23T11:05:00Z"))
        const { backtest } = yield* Alerts
        const wide = yield* Effect.flip(
          backtest(asker, above10, Date.parse("2025-01-01"), Date.parse("2026-11-01"))
        )
        expect(wide).toMatchObject({ errors: [{ pointer: "/from" }] })
        const ahead = yield* backtest(
          asker,
          above10,
          Date.parse("2026-11-23T09:00:00Z"),
          Date.parse("2026-12-24T09:00:00Z")
        )
        expect(ahead.buckets.length).toBe(2)
        const none = yield* backtest(
          asker,
          above10,
          Date.parse("2026-12-23T09:00:00Z"),
          Date.parse("2026-12-24T09:00:00Z")
        )
        expect(none).toMatchObject({ buckets: [], asOf: null })
      })
    )
  )
})
