import { expect, it } from "bun:test"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { openings } from "../../src/shareLinks/openings.ts"

const run = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.runPromise(effect.pipe(Effect.provide(TestClock.layer())))

it("opens a link sixty times a minute, and others all the same", () =>
  run(
    Effect.gen(function* () {
      const open = openings()
      for (let turn = 0; turn < 60; turn++) yield* open("one", Effect.void)
      yield* TestClock.adjust("20 seconds")
      expect(yield* Effect.flip(open("one", Effect.void))).toMatchObject({
        _tag: "SharedTooOften",
        retryAfter: 40
      })
      yield* open("two", Effect.void)
      yield* TestClock.adjust("40 seconds")
      yield* open("one", Effect.void)
    })
  ))

it("opens a link eight times at once, until one is answered, well or not", () =>
  run(
    Effect.gen(function* () {
      const open = openings()
      const fibers = yield* Effect.forEach(Array.from({ length: 8 }), () =>
        Effect.forkChild(open("one", Effect.never), { startImmediately: true })
      )
      expect(yield* Effect.flip(open("one", Effect.void))).toMatchObject({
        retryAfter: 1
      })
      yield* open("two", Effect.void)
      for (const fiber of fibers.slice(0, 1)) yield* Fiber.interrupt(fiber)
      yield* Effect.flip(open("one", Effect.fail("no")))
      yield* open("one", Effect.void)
    })
  ))

it("opens a link when the clock was put back", () =>
  run(
    Effect.gen(function* () {
      const open = openings()
      yield* TestClock.setTime(7_200_000)
      for (let turn = 0; turn < 60; turn++) yield* open("one", Effect.void)
      yield* TestClock.setTime(3_600_000)
      yield* open("one", Effect.void)
    })
  ))
