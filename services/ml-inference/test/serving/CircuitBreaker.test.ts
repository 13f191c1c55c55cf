import { expect, it } from "bun:test"
import { CircuitBreaker } from "../../src/serving/CircuitBreaker.ts"

it("opens after losses in a row, longer each time, until a run works", () => {
  let now = 0
  const breaker = new CircuitBreaker(
    { losses: 2, shortest: 1000, longest: 3000, opens: 3 },
    () => now
  )
  expect(breaker.lost()).toBe(false)
  expect([breaker.open, breaker.wait]).toEqual([false, 0])
  breaker.worked()
  expect(breaker.lost()).toBe(false)
  expect(breaker.lost()).toBe(true)
  expect([breaker.open, breaker.wait]).toEqual([true, 1000])
  now = 1000
  expect([breaker.open, breaker.wait]).toEqual([true, 0])
  // Half-open: the first loss opens it again.
  expect(breaker.lost()).toBe(true)
  expect([breaker.wait, breaker.spent]).toEqual([2000, false])
  expect(breaker.lost()).toBe(true)
  expect([breaker.wait, breaker.spent]).toEqual([3000, true])
  breaker.worked()
  expect([breaker.open, breaker.wait, breaker.spent]).toEqual([false, 0, false])
})
