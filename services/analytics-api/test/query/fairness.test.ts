import { describe, expect, it } from "bun:test"
import { makeNotes, RequestNotes } from "@analytics/api-common/RequestNotes"
import { Deferred, Duration, Effect, Fiber } from "effect"
import { projectUsage } from "../../src/query/projectUsage.ts"
import { queryAdmission } from "../../src/query/QueryAdmission.ts"
import { QueryAllowance } from "../../src/query/QueryAllowance.ts"
import { queryBudgets } from "../../src/query/queryBudgets.ts"
import { readBudget } from "../../src/query/readBudget.ts"
import { concurrencyGroup, prefersAsync } from "../../src/query/requestHeaders.ts"

describe("a budget of bytes", () => {
  const budget = () => readBudget(100)

  it("is refilled as time passes, and may be overdrawn", () => {
    const { left, spend } = budget()
    expect(left("a", 0)).toEqual({ quota: 6000, remaining: 6000, reset: 0 })
    spend("a", 1000, 0)
    expect(left("a", 0)).toEqual({ quota: 6000, remaining: 5000, reset: 10 })
    expect(left("a", 5000)?.remaining).toBe(5500)
    spend("a", 10_000, 5000)
    expect(left("a", 5000)).toEqual({ quota: 6000, remaining: 0, reset: 45 })
    expect(left("a", 51_000)?.remaining).toBeGreaterThan(0)
    expect(left("b", 5000)?.remaining).toBe(6000)
  })

  it("of a project refuses with the seconds to wait, and tells what is left", async () => {
    const budgets = queryBudgets({ projectBytesPerSecond: 1000, keyBytesPerSecond: 10 })
    const notes = makeNotes()
    const spender = { id: 1, keyId: "k" }
    const asked = budgets
      .within(spender, budgets.spend(spender, 1000))
      .pipe(Effect.provideService(RequestNotes, notes))
    await Effect.runPromise(asked)
    expect(notes.headers["ratelimit-policy"]).toBe(
      '"project";q=60000;qu="content-bytes";w=60, "key";q=600;qu="content-bytes";w=60'
    )
    expect(notes.headers["ratelimit"]).toStartWith('"project";r=')
    const refused = await Effect.runPromise(Effect.flip(asked))
    expect(refused).toMatchObject({ status: 429 })
    expect(refused.retryAfter).toBeGreaterThanOrEqual(39)
    expect(refused.retryAfter).toBeLessThanOrEqual(40)
    const other = { id: 1, keyId: "another" }
    await Effect.runPromise(budgets.within(other, Effect.void))
  })
})

describe("a project that asks without pause", () => {
  it("comes after one that asks now and then, and is forgiven", () => {
    const usage = projectUsage()
    for (let second = 0; second < 20; second++) {
      usage.begin(1, second * 1000)
      usage.end(1, 1000, (second + 1) * 1000)
    }
    const busy = usage.begin(1, 20_000)
    expect(busy).toBeGreaterThan(3)
    expect(usage.begin(2, 20_000)).toBe(1)
    usage.end(1, 1, 20_001)
    expect(usage.begin(1, 120_000)).toBe(1)
  })

  it("does not keep the others from being forgotten", () => {
    const usage = projectUsage()
    usage.begin(1, 0)
    for (let other = 2; other < 100; other++) {
      const now = other * 60_000
      usage.begin(other, now)
      usage.end(other, 1, now)
      usage.begin(1, now)
      usage.end(1, 100_000, now)
    }
    expect(usage.size()).toBeLessThan(5)
  })

  it("comes later with every query that runs already", () => {
    const usage = projectUsage()
    expect([1, 2, 3].map(() => usage.begin(1, 0))).toEqual([1, 2, 3])
  })
})

describe("a group of queries", () => {
  it("leaves the rest of the share to the other queries of its project", async () => {
    const program = Effect.gen(function* () {
      const admit = yield* queryAdmission({
        concurrency: 8,
        timeout: Duration.seconds(10),
        patience: 0
      })
      const gate = yield* Deferred.make<void>()
      let running = 0
      const held = Effect.suspend(() => {
        running++
        return Deferred.await(gate)
      })
      const tiles = yield* Effect.forEach(Array.from({ length: 6 }), () =>
        Effect.forkChild(admit({ id: 1, group: "board" }, held))
      )
      yield* Effect.yieldNow
      const atOnce = running
      // Two of the four places are left.
      const allowance = yield* admit({ id: 1 }, QueryAllowance)
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.forEach(tiles, Fiber.join)
      return { atOnce, allowance, running }
    })
    const { allowance, atOnce, running } = await Effect.runPromise(program)
    expect([atOnce, running]).toEqual([2, 6])
    expect(allowance).toEqual({ timeout: Duration.seconds(10), priority: 3 })
  })
})

describe("many groups of one project", () => {
  it("leave the other half of the queue to others", async () => {
    const program = Effect.gen(function* () {
      const admit = yield* queryAdmission({
        concurrency: 4,
        timeout: Duration.seconds(10),
        patience: 0
      })
      const gate = yield* Deferred.make<void>()
      const asked = yield* Effect.forEach(Array.from({ length: 100 }), (_, index) =>
        Effect.forkChild(
          Effect.result(admit({ id: 1, group: `g${index % 20}` }, Deferred.await(gate)))
        )
      )
      yield* Effect.yieldNow
      const other = yield* Effect.result(admit({ id: 2 }, Effect.void))
      yield* Deferred.succeed(gate, undefined)
      const ended = yield* Effect.forEach(asked, Fiber.join)
      return { other, ran: ended.filter(({ _tag }) => _tag === "Success").length }
    })
    const { other, ran } = await Effect.runPromise(program)
    expect(other._tag).toBe("Success")
    // Two run at once, and eight wait for each.
    expect(ran).toBe(18)
  })
})

describe("headers of a query", () => {
  it("are read as they are defined", async () => {
    expect(prefersAsync("wait=5, Respond-Async; x=1")).toBe(true)
    expect(prefersAsync("respond-asynchronously")).toBe(false)
    expect(prefersAsync(undefined)).toBe(false)
    expect(await Effect.runPromise(concurrencyGroup("board:1"))).toEqual({
      group: "board:1"
    })
    for (const wrong of ["", "a b", "x".repeat(65)])
      expect(
        await Effect.runPromise(Effect.flip(concurrencyGroup(wrong)))
      ).toMatchObject({ status: 422 })
  })
})
