import { describe, expect, it } from "bun:test"
import { blockOf, metricOf } from "../../src/blocks/blockOf.ts"

const DAY = 86_400_000
const monday = Date.parse("2026-11-02T00:00:00Z")
const weeks = (asOf: string, more: object = {}) => ({
  title: "Who comes back",
  request: { kind: "retention", interval: "week", ...more },
  timezone: "UTC",
  answer: {
    kind: "retention",
    asOf,
    result: {
      cohorts: [[100, 30, 20, 0], [100, 40, 0], [100, 0], [0]].map((counts, index) => {
        const [size = 0] = counts
        return {
          start: new Date(monday + index * 7 * DAY).toISOString(),
          size,
          counts,
          rates: counts.map((count) => (size === 0 ? null : count / size))
        }
      })
    }
  }
})

const ratesOf = (asked: ReturnType<typeof weeks>) => {
  const block = blockOf(asked)
  return block.type === "chart" && block.chart.form === "retention"
    ? block.chart.cohorts.map(({ rates }) => rates)
    : undefined
}

describe("retention", () => {
  it("leaves periods blank that have not ended: nobody is lost yet", () => {
    const asked = weeks("2026-11-23T10:00:00Z")
    expect(ratesOf(asked)).toEqual([
      [1, 0.3, 0.2, null],
      [1, 0.4, null],
      [1, null],
      [null]
    ])
    expect(blockOf(asked)).toMatchObject({
      description: "A week that has not ended is left blank."
    })
    expect(metricOf(asked)?.value).toBe(0.35)
  })

  it("shows a period from the instant on at which it has ended", () => {
    const ended = weeks("2026-11-30T00:00:00Z")
    expect(ratesOf(ended)).toEqual([[1, 0.3, 0.2, 0], [1, 0.4, 0], [1, 0], [null]])
    expect(blockOf(ended)).not.toHaveProperty("description")
    expect(metricOf(ended)?.value).toBeCloseTo(70 / 300)
  })

  it("waits for the last of a cohort where periods are everybody's own", () => {
    expect(ratesOf(weeks("2026-11-30T00:00:00Z", { windows: "24h" }))).toEqual([
      [1, 0.3, 0.2, null],
      [1, 0.4, null],
      [1, null],
      [null]
    ])
  })
})
