import { describe, expect, it } from "bun:test"
import { Deferred, Effect, Fiber } from "effect"
import { makeDrain } from "../src/Drain.ts"

const run = Effect.runPromise

describe("Drain", () => {
  it("waits for what is held, also when it fails or is given up", async () => {
    const drain = makeDrain()
    const gate = Deferred.makeUnsafe<string, string>()
    const held = Effect.runFork(drain.holds(Deferred.await(gate)))
    const givenUp = Effect.runFork(drain.holds(Effect.never))
    await run(drain.begin)
    const settled = Effect.runFork(drain.settled)
    await run(Fiber.interrupt(givenUp))
    expect(settled.pollUnsafe()).toBeUndefined()
    await run(Deferred.fail(gate, "no"))
    expect((await run(Fiber.await(held)))._tag).toBe("Failure")
    await run(Fiber.join(settled))
    await run(drain.settled)
  })

  it("takes nothing up any more, but lets what was taken up end", async () => {
    const drain = makeDrain()
    const gate = Deferred.makeUnsafe<string>()
    const first = Effect.runFork(drain.takesUp(Deferred.await(gate)))
    await run(drain.begin)
    let begun = 0
    const late = Effect.runFork(drain.takesUp(Effect.sync(() => begun++)))
    await run(Deferred.succeed(gate, "done"))
    expect(await run(Fiber.join(first))).toBe("done")
    await run(drain.settled)
    expect(begun).toBe(0)
    await run(Fiber.interrupt(late))
  })
})
