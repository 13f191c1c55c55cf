import { describe, expect, it } from "bun:test"
import { sinceItBegan } from "../../src/alerts/sinceItBegan.ts"

const past = (numbers: ReadonlyArray<number | null>) =>
  numbers.map((value, start) => ({ start, value }))
const days = (count: number, value: number | null) =>
  Array.from({ length: count }, () => value)

describe("the past of an anomaly", () => {
  it("begins with the first bucket that has something", () => {
    for (const nothing of [0, null]) {
      const values = past([...days(42, nothing), 3, ...days(70, 20)])
      expect(sinceItBegan(values, "day")).toEqual(values.slice(42))
    }
  })

  it("stays where there is hardly anything since: once is unusual then", () => {
    for (const numbers of [
      [...days(112, 0), 5],
      [...days(71, 0), ...days(42, 1)]
    ]) {
      const values = past(numbers)
      expect(sinceItBegan(values, "day")).toEqual(values)
    }
    expect(sinceItBegan(past(days(113, 0)), "day")).toEqual(past(days(113, 0)))
  })
})
