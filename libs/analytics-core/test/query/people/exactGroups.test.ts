import { describe, expect } from "bun:test"
import { ClickHouse } from "@analytics/database/ClickHouse"
import { withLayer } from "@analytics/testing/effectTest"
import * as TestClickHouse from "@analytics/testing/TestClickHouse"
import { Effect } from "effect"
import {
  type PeopleSelection,
  type QueryContext,
  type QueryKind,
  statement
} from "../../../src/query/Compiled.ts"
import { decodeStrictly } from "../../../src/query/decodeStrictly.ts"
import { pathsQuery } from "../../../src/query/paths/PathsQuery.ts"
import { Trends } from "../../../src/query/trends/Trends.ts"
import { answer, contextOf, insertEvents } from "../eventStore.ts"

const START = Date.UTC(2025, 2, 1)
const range = { from: "2025-03-01T00:00:00Z", to: "2025-03-02T00:00:00Z" }

const peopleOf = Effect.fnUntraced(function* <Request, Result, Refusal>(
  kind: QueryKind<Request, Result, Refusal>,
  body: object,
  selection: PeopleSelection,
  context: QueryContext
) {
  const request = yield* decodeStrictly(kind.request)(body)
  const people = yield* kind.people?.(request, selection, context) ??
    Effect.die("no people")
  const { sql, params } = statement("people", people)
  const rows = yield* (yield* ClickHouse).query(sql, { params })
  return rows.map(({ person }) => Number(person)).sort((a, b) => a - b)
})

const bought = (project: number, values: ReadonlyArray<unknown>) =>
  insertEvents(
    values.map((x, index) => ({
      project,
      event: "bought",
      person: index + 1,
      at: START + index,
      messageId: `m${index}`,
      props: { x: JSON.parse(JSON.stringify(x)) }
    }))
  )

describe("the people of a number, by the type of a value", () => {
  const { effect } = withLayer(TestClickHouse.client)

  effect("are those whose numbers a measure took, not their lists", () =>
    Effect.gen(function* () {
      yield* bought(41, [5, [7], "9", true, -3, {}])
      const trends = {
        kind: "trends",
        ...range,
        interval: "none",
        series: [{ event: "bought", measure: "sum", property: "x" }]
      }
      const request = yield* decodeStrictly(Trends.request)(trends)
      const result = yield* answer(yield* Trends.compile(request, contextOf(41)))
      expect(result).toMatchObject({ series: [{ data: [2] }] })
      expect(yield* peopleOf(Trends, trends, {}, contextOf(41))).toEqual([1, 5])
    })
  )

  effect("are not those of a number of the same digits", () =>
    Effect.gen(function* () {
      yield* bought(42, ["1000000000000000", 1_000_000_000_000_000])
      const trends = {
        kind: "trends",
        ...range,
        interval: "none",
        breakdown: ["x"],
        series: [{ event: "bought", measure: "unique_users" }]
      }
      for (const [value, person] of [
        ["1000000000000000", 1],
        [1_000_000_000_000_000, 2]
      ] as const) {
        const selection = { breakdown: [value] }
        expect(yield* peopleOf(Trends, trends, selection, contextOf(42))).toEqual([
          person
        ])
        const paths = { kind: "paths", ...range, property: "x", start: value }
        expect(yield* peopleOf(pathsQuery, paths, {}, contextOf(42))).toEqual([person])
      }
    })
  )
})
