import { describe, expect, it } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import { breakdownValue } from "../../../src/query/breakdownValue.ts"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import { QueryInvalid } from "../../../src/query/QueryInvalid.ts"
import { Trends } from "../../../src/query/trends/Trends.ts"
import { answer, contextOf, insertEvents, type TestEvent } from "../eventStore.ts"

const at = Date.UTC(2025, 2, 1)
let nextProject = 5000

const ask = Effect.fnUntraced(function* (
  request: Record<string, unknown>,
  events: ReadonlyArray<Omit<TestEvent, "messageId" | "project" | "at">> = []
) {
  const project = nextProject++
  if (events.length > 0)
    yield* insertEvents(
      events.map((event, index) => ({ ...event, at, project, messageId: `m${index}` }))
    )
  const decoded = yield* decodeStrictly(Trends.request)({
    kind: "trends",
    interval: "none",
    from: "2025-03-01T00:00:00Z",
    to: "2025-03-11T00:00:00Z",
    series: [{ event: "a", measure: "total" }],
    ...request
  })
  const result = yield* answer(
    yield* Trends.compile(decoded, { ...contextOf(project) })
  )
  return result instanceof QueryInvalid ? yield* result : result
})

describe("groups of trends", () => {
  const { effect } = withLayer(TestClickHouse.client)
  const event = (name: string, p: string, person = 1) => ({
    event: name,
    person,
    props: { p }
  })

  effect("are those of all series of a formula", () =>
    Effect.gen(function* () {
      const { series } = yield* ask(
        {
          series: [
            { event: "a", measure: "total" },
            { event: "b", measure: "total" }
          ],
          breakdown: ["p"],
          breakdownLimit: 2,
          formula: "A / B"
        },
        [
          event("a", "x"),
          event("b", "y"),
          event("b", "y"),
          event("b", "z"),
          event("b", "x")
        ]
      )
      expect(series.map(({ breakdown, data }) => [breakdown, data[0] ?? null])).toEqual(
        [
          [["x"], 1],
          [["y"], 0],
          [null, 0],
          [["x"], 1],
          [["y"], 2],
          [null, 1],
          [["x"], 1],
          [["y"], 0],
          [null, 0]
        ]
      )
    })
  )

  effect("without a number to add up stand above those that owe", () =>
    Effect.gen(function* () {
      const { series } = yield* ask(
        {
          series: [{ event: "a", measure: "sum", property: "n" }],
          breakdown: ["p"],
          breakdownLimit: 1
        },
        [{ event: "a", person: 1, props: { p: "owes", n: -3 } }, event("a", "nothing")]
      )
      expect(series.map(({ breakdown, data }) => [breakdown, data])).toEqual([
        [["nothing"], [0]],
        [null, [-3]]
      ])
    })
  )

  effect(
    "make no more than ten thousand numbers, formulas and comparisons included",
    () =>
      Effect.gen(function* () {
        const events = Array.from({ length: 60 }, (_, index) => event("a", `${index}`))
        const grouped = { breakdown: ["p"], breakdownLimit: 1000, interval: "hour" }
        const refused = Effect.fnUntraced(function* (request: object, count: number) {
          const result = yield* Effect.result(
            ask({ ...grouped, ...request }, events.slice(0, count))
          )
          return result._tag === "Failure"
        })
        // 240 hours: 41 groups fit, 42 do not.
        expect(yield* refused({}, 41)).toBe(false)
        expect(yield* refused({}, 42)).toBe(true)
        expect(yield* refused({ formula: "A * 2" }, 20)).toBe(false)
        expect(yield* refused({ formula: "A * 2" }, 21)).toBe(true)
        const compare = { from: "2024-01-01T00:00:00Z", to: "2024-02-01T00:00:00Z" }
        expect(yield* refused({ compare }, 13)).toBe(false)
        expect(yield* refused({ compare }, 14)).toBe(true)
      })
  )

  effect("and series count no event that only calls itself an identify", () =>
    Effect.gen(function* () {
      const events = [
        event("a", "x"),
        { event: "$identify", type: "track", person: 1, props: { plan: "forged" } },
        { event: "$group", type: "track", person: 2, props: {} }
      ]
      const total = yield* ask(
        { series: [{ measure: "total" }, { measure: "unique_users" }] },
        events
      )
      expect(total.series.map(({ data }) => data)).toEqual([[1], [1]])
      const { series } = yield* ask({ breakdown: ["user.plan"] }, events)
      expect(series.map(({ breakdown }) => breakdown)).toEqual([[null]])
    })
  )

  effect("and series get names that no other has", () =>
    Effect.gen(function* () {
      const named = (name?: string) => ({
        event: "a",
        measure: "total",
        ...(name ? { name } : {})
      })
      const { series } = yield* ask({ series: [named("B"), named(), named()] })
      expect(series.map(({ name }) => name)).toEqual(["B", "A", "C"])
    })
  )
})

describe("a breakdown value", () => {
  it.each([
    ["9007199254740993", "9007199254740993"],
    ["[9007199254740993,1,1e21]", ["9007199254740993", 1, 1e21]],
    ["1e21", 1e21],
    ["9007199254740991", 9007199254740991]
  ])("of %s keeps its digits", (text, value) => {
    expect(breakdownValue("json", text)).toEqual(value)
  })
})
