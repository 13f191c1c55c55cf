import { describe, expect, it } from "bun:test"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { makeMemberTurns } from "../../src/cohorts/memberTurns.ts"

/** Changes by name, in the order in which they begin; each ends when it is told to. */
const course = Effect.gen(function* () {
  const inTurn = yield* makeMemberTurns
  const begun: Array<string> = []
  const ends = new Map<string, Deferred.Deferred<void>>()
  const settle = TestClock.adjust("1 millis")
  return {
    begun,
    ask: (projectId: number, name: string) =>
      Effect.gen(function* () {
        const end = yield* Deferred.make<void>()
        ends.set(name, end)
        const change = Effect.suspend(() => {
          begun.push(name)
          return Deferred.await(end)
        })
        const fiber = yield* Effect.forkChild(Effect.result(inTurn(projectId, change)))
        yield* settle
        return fiber
      }),
    end: (name: string) => {
      const end = ends.get(name)
      return Effect.andThen(
        end ? Deferred.succeed(end, undefined) : Effect.void,
        settle
      )
    }
  }
})

const run = <A, E>(program: Effect.Effect<A, E>) =>
  Effect.runPromise(program.pipe(Effect.provide(TestClock.layer())))

describe("changes of lists", () => {
  it("are written two at once, those of a project that asks much in between others", () =>
    run(
      Effect.gen(function* () {
        const { ask, begun, end } = yield* course
        for (const name of ["a1", "a2", "a3", "a4"]) yield* ask(1, name)
        yield* ask(2, "b1")
        expect(begun).toEqual(["a1", "a2"])
        yield* end("a1")
        yield* end("a2")
        expect(begun.toSorted()).toEqual(["a1", "a2", "a3", "b1"])
      })
    ))

  it("keep their turn when whoever asked leaves, and give up a place", () =>
    run(
      Effect.gen(function* () {
        const { ask, begun, end } = yield* course
        const leaving = yield* ask(1, "a1")
        yield* ask(1, "a2")
        const waiting = yield* ask(1, "a3")
        yield* Fiber.interrupt(leaving)
        yield* Fiber.interrupt(waiting)
        yield* ask(1, "a4")
        expect(begun).toEqual(["a1", "a2"])
        yield* end("a1")
        expect(begun).toEqual(["a1", "a2", "a4"])
      })
    ))

  it("are refused when their turn does not come", () =>
    run(
      Effect.gen(function* () {
        const { ask, begun } = yield* course
        yield* ask(1, "a1")
        yield* ask(1, "a2")
        const third = yield* ask(1, "a3")
        yield* TestClock.adjust("30 seconds")
        expect(yield* Fiber.join(third)).toMatchObject({
          _tag: "Failure",
          failure: { _tag: "QueriesUnavailable" }
        })
        expect(begun).toEqual(["a1", "a2"])
      })
    ))
})
