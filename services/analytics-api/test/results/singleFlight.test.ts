import { describe, expect, it } from "bun:test"
import { Deferred, Effect, Fiber } from "effect"
import { singleFlight } from "../../src/results/singleFlight.ts"

/** Runs that end when told to, each answering its number. */
const flights = Effect.gen(function* () {
  const gates: Array<Deferred.Deferred<void>> = []
  const ended: Array<string> = []
  const once = singleFlight<number, never>()
  const run = Effect.suspend(() => {
    const gate = Deferred.makeUnsafe<void>()
    const number = gates.push(gate)
    return Deferred.await(gate).pipe(
      Effect.as(number),
      Effect.onExit(({ _tag }) => Effect.sync(() => void ended.push(_tag)))
    )
  })
  const board = Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(once("key", run))
    yield* settled
    return fiber
  })
  const open = (index: number) =>
    Effect.suspend(() => {
      const gate = gates[index]
      return gate ? Deferred.succeed(gate, undefined) : Effect.die("it does not run")
    })
  return { gates, ended, board, open, once: once("key", run) }
})

/** Whatever can go on now has done so. */
const settled = Effect.promise(() => Bun.sleep(0)).pipe(Effect.repeat({ times: 5 }))

describe("a single flight", () => {
  it("is shared by all who come before it begins, and by nobody later", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const { board, gates, open } = yield* flights
        const first = yield* board
        const [second, third] = [yield* board, yield* board]
        expect(gates).toHaveLength(1)
        yield* open(0)
        expect(yield* Fiber.join(first)).toBe(1)
        yield* settled
        expect(gates).toHaveLength(2)
        const fourth = yield* board
        expect(gates).toHaveLength(2)
        yield* open(1)
        expect([yield* Fiber.join(second), yield* Fiber.join(third)]).toEqual([2, 2])
        yield* settled
        yield* open(2)
        expect(yield* Fiber.join(fourth)).toBe(3)
        const fifth = yield* board
        yield* open(3)
        expect(yield* Fiber.join(fifth)).toBe(4)
      })
    ))

  it("ends when nobody waits for it, and the next one begins", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const { board, ended, gates, open } = yield* flights
        const first = yield* board
        const [second, third, fourth] = [yield* board, yield* board, yield* board]
        yield* Fiber.interrupt(second)
        yield* Fiber.interrupt(first)
        expect(ended).toEqual(["Failure"])
        yield* settled
        expect(gates).toHaveLength(2)
        yield* Fiber.interrupt(third)
        expect(ended).toEqual(["Failure"])
        yield* open(1)
        expect(yield* Fiber.join(fourth)).toBe(2)
        const last = yield* board
        yield* Fiber.interrupt(last)
        expect(ended).toEqual(["Failure", "Success", "Failure"])
      })
    ))

  it("does not keep others waiting when it ends before its first step", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const { gates, once, open } = yield* flights
        const [first, second] = [
          yield* Effect.forkChild(once, { startImmediately: true }),
          yield* Effect.forkChild(once, { startImmediately: true })
        ]
        yield* Fiber.interrupt(first)
        yield* settled
        yield* open(gates.length - 1)
        expect(yield* Fiber.join(second)).toBe(gates.length)
      })
    ))
})
