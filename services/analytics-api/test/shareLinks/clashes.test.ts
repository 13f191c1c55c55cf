import { describe, expect, it } from "bun:test"
import { clash } from "../../src/shareLinks/clashes.ts"

const range = { range: "last_7d" }
const isPro = [{ property: "plan", op: "is", value: "pro" }]
const trend = (series: object, fields: object = {}) => ({
  kind: "trends",
  ...range,
  interval: "day",
  series: [{ measure: "total", ...series }],
  ...fields
})
const funnel = (...events: ReadonlyArray<string>) => ({
  kind: "funnel",
  ...range,
  windowSeconds: 60,
  steps: events.map((event) => ({ event }))
})
const retention = (start: string, back: string) => ({
  kind: "retention",
  ...range,
  mode: "first_time",
  start: { event: start },
  return: { event: back },
  interval: "day",
  periods: 3
})
const ofEvent = (kind: string, event?: string) => ({
  kind,
  ...range,
  interval: "day",
  ...(event === undefined ? {} : { event })
})

describe("two questions", () => {
  const a = trend({ event: "a" })
  it.each([
    ["another filter", a, trend({ event: "a", filters: isPro })],
    ["another filter of all", a, trend({ event: "a" }, { filters: isPro })],
    ["another range", a, trend({ event: "a" }, { range: "last_8d" })],
    ["another interval", a, trend({ event: "a" }, { interval: "week" })],
    ["another time zone", a, trend({ event: "a" }, { timezone: "Asia/Tokyo" })],
    ["groups", a, trend({ event: "a" }, { breakdown: ["plan"] })],
    ["a cohort", a, trend({ event: "a" }, { cohort: crypto.randomUUID() })],
    ["bots", a, trend({ event: "a" }, { includeBots: true })],
    ["any event", a, trend({})],
    ["a step", a, funnel("b", "a")],
    ["a start", a, retention("a", "b")],
    ["a return", a, retention("b", "a")],
    ["days of the event", a, ofEvent("stickiness", "a")],
    ["days of any event", a, ofEvent("lifecycle")],
    ["sessions", a, { kind: "sessions", ...range }],
    ["another funnel", funnel("a", "b"), funnel("a", "c")],
    [
      "a sum beside its average",
      trend({ event: "a", measure: "sum", property: "p" }),
      trend({ event: "a", measure: "avg", property: "p" })
    ]
  ])("clash: %s", (_, one, other) => {
    expect(clash(one, other)).toBe(true)
    expect(clash(other, one)).toBe(true)
  })

  it.each([
    ["the same", a, trend({ event: "a" })],
    ["another measure", a, trend({ event: "a", measure: "unique_users" })],
    [
      "the same filter elsewhere",
      trend({ filters: isPro }),
      trend({}, { filters: isPro })
    ],
    ["another event", a, trend({ event: "b", filters: isPro })],
    ["another event by the week", a, trend({ event: "b" }, { interval: "week" })],
    ["steps of others", a, funnel("b", "c")],
    ["the same funnel", funnel("a", "b"), funnel("a", "b")]
  ])("do not clash: %s", (_, one, other) => {
    expect(clash(one, other)).toBe(false)
    expect(clash(other, one)).toBe(false)
  })
})
