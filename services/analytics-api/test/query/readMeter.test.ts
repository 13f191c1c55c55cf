import { describe, expect, it } from "bun:test"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { QueriesUnavailable, QueryTimedOut } from "../../src/query/QueryProblems.ts"
import { BYTES_PER_MS, readMeter } from "../../src/query/readMeter.ts"

/** Bytes that a statement counts which ends like this after a second. */
const bytesOf = (end: Effect.Effect<{ bytesRead?: number }, unknown>, rows = 1e9) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const meter = readMeter(rows)
      const after = TestClock.adjust("1 second").pipe(Effect.andThen(end))
      yield* Effect.exit(meter.metered(after))
      return meter.bytes()
    }).pipe(Effect.provide(TestClock.layer()))
  )

describe("what a statement is charged for", () => {
  it("is what it read, if it answered", async () => {
    expect(await bytesOf(Effect.succeed({ bytesRead: 7 }))).toBe(7)
  })

  it("is its time, or all of the project, if it failed or was given up", async () => {
    const fails = Effect.fail(new QueryTimedOut({}))
    expect(await bytesOf(fails)).toBe(1000 * BYTES_PER_MS)
    expect(await bytesOf(Effect.interrupt)).toBe(1000 * BYTES_PER_MS)
    expect(await bytesOf(fails, 3)).toBe(3 * 1024)
  })

  it("is nothing, if the store could not be reached", async () => {
    expect(await bytesOf(Effect.fail(new QueriesUnavailable({})))).toBe(0)
  })
})
