import { describe, expect, it } from "bun:test"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect, Result } from "effect"
import { parseQuery } from "../../src/query/Query.ts"
import { answer, contextOf, insertEvents } from "./eventStore.ts"

const question = {
  kind: "trends",
  series: [{ event: "a", measure: "total" }],
  interval: "none",
  from: "2025-03-01T00:00:00Z",
  to: "2025-03-02T00:00:00Z"
}
const funnel = {
  kind: "funnel",
  from: question.from,
  to: question.to,
  windowSeconds: 60
}
const condition = { property: "p", op: "is", value: 1 }
const times = <A>(count: number, item: A): ReadonlyArray<A> =>
  Array.from({ length: count }, () => item)

const faults = (body: unknown) =>
  Result.match(Effect.runSync(Effect.result(parseQuery(body))), {
    onSuccess: () => [],
    onFailure: ({ errors }) => errors
  })

const nested = (depth: number): unknown =>
  JSON.parse(
    `${'{"not":'.repeat(depth)}${JSON.stringify(condition)}${"}".repeat(depth)}`
  )

describe("a request", () => {
  it.each([33, 200, 5000])("does not nest %i filters", (depth) => {
    expect(faults({ ...question, filters: [nested(depth)] })).toMatchObject([
      { detail: expect.stringContaining("At most") }
    ])
  })

  it("may nest 31 filters", () => {
    expect(faults({ ...question, filters: [nested(31)] })).toEqual([])
  })

  it("has so many conditions in all its filters together", () => {
    const step = (count: number) => ({ event: "a", filters: times(count, condition) })
    const steps = (...counts: ReadonlyArray<number>) => ({
      ...funnel,
      steps: counts.map(step)
    })
    expect(faults(steps(100, 100))).toEqual([])
    expect(faults(steps(100, 101))).toMatchObject([
      { detail: "At most 200 conditions in all filters" }
    ])
    expect(faults({ ...steps(100, 100), filters: [nested(1)] })).toHaveLength(1)
  })

  it("is told of a hundred faults at most", () => {
    const unknown = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [`x${index}`, 1])
    )
    expect(faults({ ...question, ...unknown })).toHaveLength(100)
  })
})

describe("the largest filters", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("find the elements of arrays among ten thousand numbers", () =>
    Effect.gen(function* () {
      yield* insertEvents([
        {
          project: 31,
          event: "a",
          at: Date.UTC(2025, 2, 1),
          messageId: "m",
          person: 1,
          props: { p: [0, "x", 9999], q: [-1, "1"] }
        }
      ])
      const numbers = Array.from({ length: 10_000 }, (_, index) => index)
      const count = Effect.fnUntraced(function* (property: string, value: unknown) {
        const query = yield* parseQuery({
          ...question,
          filters: [{ property, op: "in", value }]
        })
        const result = yield* answer(yield* query.compile(contextOf(31)))
        return result
      })
      const found = { series: [{ data: [1] }] }
      expect(yield* count("p", numbers)).toMatchObject(found)
      expect(yield* count("p", [-0])).toMatchObject(found)
      expect(yield* count("q", numbers)).toMatchObject({ series: [{ data: [0] }] })
    })
  )
})
